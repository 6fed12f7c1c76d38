#include "config.h"

#include <libpq-fe.h>

#include "base/late.h"

/* libpq, loaded when it is first called: see late.h. */

LATE_NOTE("[{\"soname\":[\"" PQ_SONAME
	  "\"],\"priority\":\"required\",\"description\":\"PostgreSQL\"}]");

LATE_LIBRARY(late_libpq, PQ_SONAME, "libpq5");

#define FUNCTION(result, name, parameters, arguments)                                              \
	LATE_FUNCTION(late_libpq, result, name, parameters, arguments)

FUNCTION(int, PQbackendPID, (const PGconn *conn), (conn))
FUNCTION(int, PQcancel, (PGcancel * cancel, char *errbuf, int errbufsize),
	 (cancel, errbuf, errbufsize))
FUNCTION(void, PQclear, (PGresult * res), (res))
FUNCTION(char *, PQcmdStatus, (PGresult * res), (res))
FUNCTION(PostgresPollingStatusType, PQconnectPoll, (PGconn * conn), (conn))
FUNCTION(PGconn *, PQconnectStartParams,
	 (const char *const *keywords, const char *const *values, int expand_dbname),
	 (keywords, values, expand_dbname))
FUNCTION(int, PQconnectionNeedsPassword, (const PGconn *conn), (conn))
FUNCTION(PQconninfoOption *, PQconninfo, (PGconn * conn), (conn))
FUNCTION(void, PQconninfoFree, (PQconninfoOption * connOptions), (connOptions))
FUNCTION(PQconninfoOption *, PQconninfoParse, (const char *conninfo, char **errmsg),
	 (conninfo, errmsg))
FUNCTION(int, PQconsumeInput, (PGconn * conn), (conn))
FUNCTION(char *, PQdb, (const PGconn *conn), (conn))
FUNCTION(char *, PQerrorMessage, (const PGconn *conn), (conn))
FUNCTION(void, PQfinish, (PGconn * conn), (conn))
FUNCTION(int, PQflush, (PGconn * conn), (conn))
FUNCTION(char *, PQfname, (const PGresult *res, int field_num), (res, field_num))
FUNCTION(void, PQfreeCancel, (PGcancel * cancel), (cancel))
FUNCTION(void, PQfreemem, (void *ptr), (ptr))
FUNCTION(Oid, PQftype, (const PGresult *res, int field_num), (res, field_num))
FUNCTION(PGcancel *, PQgetCancel, (PGconn * conn), (conn))
FUNCTION(PGresult *, PQgetResult, (PGconn * conn), (conn))
FUNCTION(int, PQgetisnull, (const PGresult *res, int tup_num, int field_num),
	 (res, tup_num, field_num))
FUNCTION(int, PQgetlength, (const PGresult *res, int tup_num, int field_num),
	 (res, tup_num, field_num))
FUNCTION(char *, PQgetvalue, (const PGresult *res, int tup_num, int field_num),
	 (res, tup_num, field_num))
FUNCTION(int, PQgssEncInUse, (PGconn * conn), (conn))
FUNCTION(char *, PQhost, (const PGconn *conn), (conn))
FUNCTION(char *, PQhostaddr, (const PGconn *conn), (conn))
FUNCTION(int, PQisBusy, (PGconn * conn), (conn))
FUNCTION(int, PQnfields, (const PGresult *res), (res))
FUNCTION(int, PQnparams, (const PGresult *res), (res))
FUNCTION(int, PQntuples, (const PGresult *res), (res))
FUNCTION(const char *, PQparameterStatus, (const PGconn *conn, const char *paramName),
	 (conn, paramName))
FUNCTION(Oid, PQparamtype, (const PGresult *res, int param_num), (res, param_num))
FUNCTION(char *, PQport, (const PGconn *conn), (conn))
FUNCTION(char *, PQresultErrorField, (const PGresult *res, int fieldcode), (res, fieldcode))
FUNCTION(char *, PQresultErrorMessage, (const PGresult *res), (res))
FUNCTION(ExecStatusType, PQresultStatus, (const PGresult *res), (res))
FUNCTION(int, PQsendDescribePrepared, (PGconn * conn, const char *stmt), (conn, stmt))
FUNCTION(int, PQsendPrepare,
	 (PGconn * conn, const char *stmtName, const char *query, int nParams,
	  const Oid *paramTypes),
	 (conn, stmtName, query, nParams, paramTypes))
FUNCTION(int, PQsendQuery, (PGconn * conn, const char *query), (conn, query))
FUNCTION(int, PQsendQueryParams,
	 (PGconn * conn, const char *command, int nParams, const Oid *paramTypes,
	  const char *const *paramValues, const int *paramLengths, const int *paramFormats,
	  int resultFormat),
	 (conn, command, nParams, paramTypes, paramValues, paramLengths, paramFormats,
	  resultFormat))
FUNCTION(int, PQserverVersion, (const PGconn *conn), (conn))
FUNCTION(PGVerbosity, PQsetErrorVerbosity, (PGconn * conn, PGVerbosity verbosity),
	 (conn, verbosity))
FUNCTION(PQnoticeReceiver, PQsetNoticeReceiver, (PGconn * conn, PQnoticeReceiver proc, void *arg),
	 (conn, proc, arg))
FUNCTION(int, PQsetSingleRowMode, (PGconn * conn), (conn))
FUNCTION(int, PQsetnonblocking, (PGconn * conn, int arg), (conn, arg))
FUNCTION(int, PQsocket, (const PGconn *conn), (conn))
FUNCTION(const char *, PQsslAttribute, (PGconn * conn, const char *attribute_name),
	 (conn, attribute_name))
FUNCTION(int, PQsslInUse, (PGconn * conn), (conn))
FUNCTION(void *, PQsslStruct, (PGconn * conn, const char *struct_name), (conn, struct_name))
FUNCTION(ConnStatusType, PQstatus, (const PGconn *conn), (conn))
FUNCTION(char *, PQuser, (const PGconn *conn), (conn))
