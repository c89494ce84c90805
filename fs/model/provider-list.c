/* See provider-list.h. */
#include "fs/model/provider-list.h"
#include <errno.h>
#include <string.h>
#include "fs/broker/records.h"

G_STATIC_ASSERT((int)PROVIDER_LIST_MAX == (int)RECORD_NAMES_MAX);

#define ALL     "*"
#define NOTHING "off"
#define DEFAULT "default"

static const char *const defaults[] = {
	"System.Runtime",
	/* EventCounters, and meters of the same or a similar name */
	"Microsoft.AspNetCore.Hosting",
	"Microsoft-AspNetCore-Server-Kestrel",
	"Microsoft.AspNetCore.Server.Kestrel",
	"Microsoft.AspNetCore.Http.Connections",
	"System.Net.Http",
	"System.Net.NameResolution",
	"System.Net.Security",
	"System.Net.Sockets",
	/* meters alone */
	"Microsoft.AspNetCore.Routing",
	"Microsoft.AspNetCore.Diagnostics",
	"Microsoft.AspNetCore.RateLimiting",
	"Microsoft.AspNetCore.HeaderParsing",
	"Microsoft.AspNetCore.MemoryPool",
	"Microsoft.AspNetCore.Authentication",
	"Microsoft.AspNetCore.Authorization",
	"Microsoft.AspNetCore.Identity",
	"Microsoft.AspNetCore.Components",
	"Microsoft.AspNetCore.Components.Lifecycle",
	"Microsoft.AspNetCore.Components.Server.Circuits",
};

static gboolean find(const ProviderList *list, const char *name, guint *ret_at)
{
	for (guint i = 0; i < list->names->len; i++) {
		if (!strcmp(list->names->pdata[i], name)) {
			*ret_at = i;
			return TRUE;
		}
	}
	return FALSE;
}

static void add(ProviderList *list, const char *name)
{
	guint at;

	if (!find(list, name, &at))
		g_ptr_array_add(list->names, g_strdup(name));
}

static void init_empty(ProviderList *list)
{
	*list = (ProviderList){ .names = g_ptr_array_new_with_free_func(g_free) };
}

static void add_defaults(ProviderList *list)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(defaults); i++)
		add(list, defaults[i]);
}

void provider_list_init(ProviderList *list)
{
	init_empty(list);
	add_defaults(list);
}

void provider_list_copy(ProviderList *list, const ProviderList *from)
{
	init_empty(list);
	for (guint i = 0; i < from->names->len; i++)
		add(list, from->names->pdata[i]);
	list->has_all = from->has_all;
}

void provider_list_clear(ProviderList *list)
{
	g_clear_pointer(&list->names, g_ptr_array_unref);
}

gboolean provider_list_is_empty(const ProviderList *list)
{
	return list->names->len == 0;
}

gboolean provider_list_has(const ProviderList *list, const char *name)
{
	guint at;

	return find(list, name, &at);
}

/* One line, its sign taken off. 0 or -EINVAL and a sentence. */
static int take_name(ProviderList *list, const char *name, gboolean takes_away, char **ret_why)
{
	guint at;

	/* One that begins with - would not read back as itself. */
	if (!strcmp(name, NOTHING) || !strcmp(name, DEFAULT) || name[0] == '-' ||
	    (strcmp(name, ALL) != 0 && !record_name_valid(name))) {
		g_autofree char *shown = g_strescape(name, NULL);

		*ret_why = g_strdup_printf(
			"\"%.150s\" is no name of a provider that can be asked for; "
			"* stands for all meters",
			shown);
		return -EINVAL;
	}
	if (takes_away) {
		if (find(list, name, &at))
			g_ptr_array_remove_index(list->names, at);
		return 0;
	}
	add(list, name);
	if (list->names->len > PROVIDER_LIST_MAX) {
		*ret_why = g_strdup_printf("at most %d names", PROVIDER_LIST_MAX);
		return -EINVAL;
	}
	return 0;
}

/* TRUE when every line has a sign, FALSE when none has; -EINVAL for a mixture. */
static int has_signs(char **lines, char **ret_why)
{
	unsigned with = 0, without = 0;

	for (char **line = lines; *line; line++) {
		if (**line == '+' || **line == '-')
			with++;
		else if (**line && **line != '#')
			without++;
	}
	if (with && without) {
		*ret_why = g_strdup("either the whole list, or lines that begin with + or -");
		return -EINVAL;
	}
	return with > 0;
}

static int take_lines(ProviderList *list, char **lines, gboolean signs, char **ret_why)
{
	unsigned n = 0, nothing = 0;

	for (char **line = lines; *line; line++) {
		gboolean takes_away = signs && **line == '-';
		const char *name = *line;
		int r = 0;

		if (!**line || **line == '#')
			continue;
		n++;
		if (signs)
			name = g_strstrip(*line + 1);
		if (!strcmp(name, NOTHING) && !signs)
			nothing++;
		else if (!strcmp(name, DEFAULT) && !takes_away)
			add_defaults(list);
		else
			r = take_name(list, name, takes_away, ret_why);
		if (r < 0)
			return r;
	}
	if (n && (!nothing || n == 1))
		return 0;
	*ret_why = g_strdup(n ? "off stands for no provider at all, and alone"
	                      : "there is no name in it; off asks for nothing");
	return -EINVAL;
}

static gboolean is_equal(const ProviderList *a, const ProviderList *b)
{
	if (a->names->len != b->names->len)
		return FALSE;
	for (guint i = 0; i < a->names->len; i++)
		if (strcmp(a->names->pdata[i], b->names->pdata[i]) != 0)
			return FALSE;
	return TRUE;
}

static gboolean has_less(const ProviderList *list, const ProviderList *than)
{
	guint at;

	for (guint i = 0; i < than->names->len; i++) {
		if (!find(list, than->names->pdata[i], &at))
			return TRUE;
	}
	return FALSE;
}

int provider_list_write(ProviderList *list, const char *text, gsize len, char **ret_why)
{
	g_autofree char *copy = g_strndup(text, len);
	g_auto(GStrv) lines = g_strsplit_set(copy, "\n\r,", -1);
	ProviderList next;
	guint at;
	int r;

	if (memchr(text, '\0', len)) {
		*ret_why = g_strdup("a byte 0 is in it");
		return -EINVAL;
	}
	for (char **line = lines; *line; line++)
		g_strstrip(*line);
	r = has_signs(lines, ret_why);
	if (r < 0)
		return r;
	if (r)
		provider_list_copy(&next, list);
	else
		init_empty(&next);
	r = take_lines(&next, lines, r, ret_why);
	if (r == 0 && !is_equal(list, &next)) {
		next.has_all = find(&next, ALL, &at);
		next.seq = list->seq + 1;
		next.less_seq = has_less(&next, list) ? next.seq : list->less_seq;
		provider_list_clear(list);
		*list = next;
		return 0;
	}
	provider_list_clear(&next);
	return r;
}

void provider_list_render(const ProviderList *list, GString *out)
{
	if (provider_list_is_empty(list))
		g_string_append(out, "off\n");
	for (guint i = 0; i < list->names->len; i++)
		g_string_append_printf(out, "%s\n", (const char *)list->names->pdata[i]);
}

void provider_list_names(const ProviderList *list, gboolean all_meters, GString *out)
{
	for (guint i = 0; i < list->names->len; i++) {
		const char *name = list->names->pdata[i];

		if (all_meters || strcmp(name, ALL) != 0)
			g_string_append_len(out, name, (gssize)strlen(name) + 1);
	}
}
