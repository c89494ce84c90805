#pragma once
/*
 * `providers`: whose values a process is asked for. One name a line; a name stands for the EventCounters of an
 * EventSource and for a Meter alike, `*` for all meters that the runtime can enumerate (from .NET 9 on).
 *
 * A write is the whole list, or lines that begin with `+` or `-`, which add to it and take from it. Blank
 * lines and lines that begin with # are passed over; the empty list (`off`, or nothing but such lines)
 * asks for no values; `default` stands for the names that a process begins with. A comma parts lines
 * too. System.Runtime is in it as long as nobody takes it out: without it no heap is
 * sampled.
 *
 * A name is what a record can carry (record_name_valid), and begins with no `-`.
 */
#include <glib.h>

enum {
	PROVIDER_LIST_MAX = 64 /* names; RECORD_NAMES_MAX */
};

typedef struct {
	GPtrArray *names; /* char *, in order of addition; "*" may be among them */
	gboolean has_all; /* "*" is */
	guint64 seq;      /* goes up with each change */
	guint64 less_seq; /* what that was at the last one that took something away; 0 none */
} ProviderList;

/* System.Runtime, and what ASP.NET Core, Kestrel, HTTP, DNS, TLS and sockets have; without an error where a
 * process has none of them. */
void provider_list_init(ProviderList *list);
void provider_list_copy(ProviderList *list, const ProviderList *from);
void provider_list_clear(ProviderList *list);

gboolean provider_list_has(const ProviderList *list, const char *name);

/* Takes a write. 0, or -EINVAL and *ret_why = a sentence (to be freed), and the list is as it was. */
int provider_list_write(ProviderList *list, const char *text, gsize len, char **ret_why);
/* One name a line; "off" for the empty list. */
void provider_list_render(const ProviderList *list, GString *out);
gboolean provider_list_is_empty(const ProviderList *list);

/*
 * The payload of a START_SESSION: the names, a NUL behind each; `*` only when the session has meters and the
 * runtime can enumerate them.
 */
void provider_list_names(const ProviderList *list, gboolean all_meters, GString *out);
