#pragma once
/*
 * The diagnostics server of a fake runtime: as in a real one a single thread, which serves one
 * request at a time and, while it does, nobody else; event streams go on meanwhile. It says on
 * standard output what happened (fake-runtime.c has the words).
 */
#include <signal.h>

#include "tests/fake/scenario.h"

typedef struct Server Server;

/* `log` is a descriptor to which all bytes received are written, or -1. NULL and *error when there
 * is no such scenario. scenario_path must live as long as the server. */
Server *server_new(const char *scenario_path, int log, GError **error);
void server_free(Server *server); /* removes its name, too */

/* Under ${TMPDIR:-/tmp}, as the scenario says. 0 or a negative errno. */
int server_listen(Server *server);
/* The same socket again: of this process, from now on. */
int server_relisten(Server *server);
const char *server_path(const Server *server);

/* One wait, at most until something is due, with this signal mask, and what is to do after it. */
void server_step(Server *server, const sigset_t *mask);

const Scenario *server_scenario(const Server *server);
void server_reload(Server *server);      /* the scenario; streams keep the old one */
void server_end_streams(Server *server); /* at the next step, without an end mark */
