#ifndef LIFEBOAT_NET_FENCE_FENCE_H
#define LIFEBOAT_NET_FENCE_FENCE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

/*
 * A fence around the world of a drill: once it stands, no connection of this process leaves it. Set once, before the first
 * thread; every protocol of this room asks it before it connects. There is no way to take it down.
 */

/* "127.21.7.": addresses that begin so are inside; every other one, and every Unix socket outside of `folder`, is not. */
void fence_set(const char *prefix, const char *folder);
/* Files below this folder, too, are inside: a run's own, which may not be there yet. Before the first thread; the last one counts. */
void fence_allow(const char *folder);
bool fence_stands(void);

/* 0, or -1 and ERR_DENIED: "203.0.113.9:443 is outside of the drill's world: a drill never touches anything real". */
int fence_check(const struct sockaddr *address, socklen_t len, struct err *e);
/* The same of a file that says where to go or who one is (a kubeconfig, a service file, a key): it must be in the world's folder. */
int fence_check_file(const char *path, struct err *e);
/* The same of a program: it must lie in the world's bin/, where the drill has linked those that it lets run. */
int fence_check_program(const char *path, struct err *e);
/*
 * The same, and of what the command is told (fence_command.c): no URL among its words leads out, openssl makes no connection,
 * kubectl, helm and PostgreSQL's programs are given no server, kubeconfig or password file of outside, neither by a word nor by
 * a variable of `env`, and PostgreSQL's do not fall back on the server of this machine. `env` ends with NULL.
 */
int fence_check_command(const char *path, const char *const *argv, char *const *env, struct err *e);
/*
 * The same of a host before it is looked up: a name would be asked for outside (getaddrinfo), so that only addresses pass.
 * Names of the world are resolved by its own name server, whose address is one.
 */
int fence_check_host(const char *host, struct err *e);

#endif
