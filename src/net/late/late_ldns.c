#include "config.h"

#include <ldns/ldns.h>

#include "base/late.h"

/* libldns, loaded when it is first called: see late.h. */

LATE_NOTE("[{\"soname\":[\"" LDNS_SONAME "\"],\"priority\":\"required\",\"description\":\"DNS\"}]");

LATE_LIBRARY(late_ldns, LDNS_SONAME, "libldns3");

#define FUNCTION(result, name, parameters, arguments)                                              \
	LATE_FUNCTION(late_ldns, result, name, parameters, arguments)

FUNCTION(void, ldns_dname2canonical, (const ldns_rdf *rdf), (rdf))
FUNCTION(int, ldns_dname_compare, (const ldns_rdf *dname1, const ldns_rdf *dname2),
	 (dname1, dname2))
FUNCTION(bool, ldns_dname_is_subdomain, (const ldns_rdf *sub, const ldns_rdf *parent),
	 (sub, parent))
FUNCTION(ldns_rdf *, ldns_dname_new_frm_str, (const char *str), (str))
FUNCTION(const char *, ldns_get_errorstr_by_id, (ldns_status err), (err))
FUNCTION(ldns_rr_type, ldns_get_rr_type_by_name, (const char *name), (name))
FUNCTION(ldns_status, ldns_pkt2wire, (uint8_t * *dest, const ldns_pkt *p, size_t *size),
	 (dest, p, size))
FUNCTION(bool, ldns_pkt_aa, (const ldns_pkt *p), (p))
FUNCTION(ldns_rr_list *, ldns_pkt_answer, (const ldns_pkt *p), (p))
FUNCTION(ldns_rr_list *, ldns_pkt_authority, (const ldns_pkt *p), (p))
FUNCTION(uint8_t, ldns_pkt_edns_extended_rcode, (const ldns_pkt *packet), (packet))
FUNCTION(void, ldns_pkt_free, (ldns_pkt * packet), (packet))
FUNCTION(ldns_pkt_rcode, ldns_pkt_get_rcode, (const ldns_pkt *p), (p))
FUNCTION(ldns_pkt *, ldns_pkt_query_new,
	 (ldns_rdf * rr_name, ldns_rr_type rr_type, ldns_rr_class rr_class, uint16_t flags),
	 (rr_name, rr_type, rr_class, flags))
FUNCTION(char *, ldns_pkt_rcode2str, (ldns_pkt_rcode rcode), (rcode))
FUNCTION(void, ldns_pkt_set_cd, (ldns_pkt * p, bool b), (p, b))
FUNCTION(void, ldns_pkt_set_edns_udp_size, (ldns_pkt * packet, uint16_t s), (packet, s))
FUNCTION(void, ldns_pkt_set_id, (ldns_pkt * p, uint16_t id), (p, id))
FUNCTION(void, ldns_pkt_set_rd, (ldns_pkt * p, bool b), (p, b))
FUNCTION(ldns_rr *, ldns_pkt_tsig, (const ldns_pkt *p), (p))
FUNCTION(ldns_status, ldns_pkt_tsig_sign,
	 (ldns_pkt * pkt, const char *key_name, const char *key_data, uint16_t fudge,
	  const char *algorithm_name, const ldns_rdf *query_mac),
	 (pkt, key_name, key_data, fudge, algorithm_name, query_mac))
FUNCTION(bool, ldns_pkt_tsig_verify,
	 (ldns_pkt * pkt, const uint8_t *wire, size_t wire_size, const char *key_name,
	  const char *key_data, const ldns_rdf *mac),
	 (pkt, wire, wire_size, key_name, key_data, mac))
FUNCTION(uint16_t, ldns_rdf2native_int16, (const ldns_rdf *rd), (rd))
FUNCTION(uint32_t, ldns_rdf2native_int32, (const ldns_rdf *rd), (rd))
FUNCTION(char *, ldns_rdf2str, (const ldns_rdf *rdf), (rdf))
FUNCTION(ldns_rdf *, ldns_rdf_clone, (const ldns_rdf *rd), (rd))
FUNCTION(uint8_t *, ldns_rdf_data, (const ldns_rdf *rd), (rd))
FUNCTION(void, ldns_rdf_deep_free, (ldns_rdf * rd), (rd))
FUNCTION(ldns_rdf *, ldns_rdf_new_frm_str, (ldns_rdf_type type, const char *str), (type, str))
FUNCTION(size_t, ldns_rdf_size, (const ldns_rdf *rd), (rd))
FUNCTION(void, ldns_rr2canonical, (ldns_rr * rr), (rr))
FUNCTION(ldns_rr *, ldns_rr_clone, (const ldns_rr *rr), (rr))
FUNCTION(void, ldns_rr_free, (ldns_rr * rr), (rr))
FUNCTION(ldns_rr_type, ldns_rr_get_type, (const ldns_rr *rr), (rr))
FUNCTION(void, ldns_rr_list_deep_free, (ldns_rr_list * rr_list), (rr_list))
FUNCTION(void, ldns_rr_list_free, (ldns_rr_list * rr_list), (rr_list))
FUNCTION(ldns_rr_list *, ldns_rr_list_new, (void), ())
FUNCTION(bool, ldns_rr_list_push_rr, (ldns_rr_list * rr_list, const ldns_rr *rr), (rr_list, rr))
FUNCTION(bool, ldns_rr_list_push_rr_list, (ldns_rr_list * rr_list, const ldns_rr_list *push_list),
	 (rr_list, push_list))
FUNCTION(ldns_rr *, ldns_rr_list_rr, (const ldns_rr_list *rr_list, size_t nr), (rr_list, nr))
FUNCTION(size_t, ldns_rr_list_rr_count, (const ldns_rr_list *rr_list), (rr_list))
FUNCTION(ldns_rr *, ldns_rr_new, (void), ())
FUNCTION(ldns_status, ldns_rr_new_frm_str,
	 (ldns_rr * *n, const char *str, uint32_t default_ttl, const ldns_rdf *origin,
	  ldns_rdf **prev),
	 (n, str, default_ttl, origin, prev))
FUNCTION(ldns_rdf *, ldns_rr_owner, (const ldns_rr *rr), (rr))
FUNCTION(bool, ldns_rr_push_rdf, (ldns_rr * rr, const ldns_rdf *f), (rr, f))
FUNCTION(size_t, ldns_rr_rd_count, (const ldns_rr *rr), (rr))
FUNCTION(ldns_rdf *, ldns_rr_rdf, (const ldns_rr *rr, size_t nr), (rr, nr))
FUNCTION(void, ldns_rr_set_class, (ldns_rr * rr, ldns_rr_class rr_class), (rr, rr_class))
FUNCTION(void, ldns_rr_set_owner, (ldns_rr * rr, ldns_rdf *owner), (rr, owner))
FUNCTION(void, ldns_rr_set_ttl, (ldns_rr * rr, uint32_t ttl), (rr, ttl))
FUNCTION(void, ldns_rr_set_type, (ldns_rr * rr, ldns_rr_type rr_type), (rr, rr_type))
FUNCTION(uint32_t, ldns_rr_ttl, (const ldns_rr *rr), (rr))
FUNCTION(char *, ldns_rr_type2str, (const ldns_rr_type type), (type))
FUNCTION(ldns_pkt *, ldns_update_pkt_new,
	 (ldns_rdf * zone_rdf, ldns_rr_class clas, const ldns_rr_list *pr_rrlist,
	  const ldns_rr_list *up_rrlist, const ldns_rr_list *ad_rrlist),
	 (zone_rdf, clas, pr_rrlist, up_rrlist, ad_rrlist))
FUNCTION(ldns_status, ldns_wire2pkt, (ldns_pkt * *packet, const uint8_t *data, size_t len),
	 (packet, data, len))
