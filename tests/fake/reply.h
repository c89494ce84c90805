#pragma once
/* The messages of the diagnostics IPC protocol, seen from the runtime's side. */
#include "tests/fake/meters-request.h"
#include "tests/fake/scenario.h"

enum {
	MESSAGE_HEADER_SIZE = 20,
};

typedef struct {
	guint8 set, id;
	const guint8 *payload;
	gsize len;
} Request;

/* What the request is: *command and *version; FALSE for one that this program does not know. */
gboolean request_identify(const Request *request, Command *command, guint *version);

/* Requests, taken apart; FALSE when the payload is not well-formed. */
typedef struct {
	gboolean counters; /* System.Runtime is among the providers */
	guint interval_ms;
	MetersRequest meters;
	GString *text; /* "NAME:KEYWORDS:LEVEL:FILTER ..." */
} CollectRequest;
gboolean request_collect(const Request *request, guint version, CollectRequest *ret);
gboolean request_stop(const Request *request, guint64 *ret_id);
gboolean request_dump(const Request *request, char **ret_path, guint32 *ret_type);

/* Whole messages. */
GByteArray *reply_ok(const void *payload, gsize len);
GByteArray *reply_error(guint32 hresult, const char *text); /* text: NULL for none */
GByteArray *reply_info(const Scenario *s, guint version);
GByteArray *reply_environment(const Scenario *s);
