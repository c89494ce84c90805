#include "tests/fake/scenario.h"

#include <stdlib.h>
#include <string.h>

static const char *const command_names[N_COMMANDS] = {
	[COMMAND_INFO] = "info",       [COMMAND_ENVIRONMENT] = "environment",
	[COMMAND_COLLECT] = "collect", [COMMAND_STOP] = "stop",
	[COMMAND_DUMP] = "dump",
};

static const char *const answer_names[] = {
	[ANSWER_OK] = "ok",           [ANSWER_ERROR] = "error", [ANSWER_UNKNOWN] = "unknown",
	[ANSWER_SILENCE] = "silence", [ANSWER_HANG] = "hang",   [ANSWER_GARBAGE] = "garbage",
	[ANSWER_HALF] = "half",       [ANSWER_SIZE] = "size",   [ANSWER_DRIP] = "drip",
	[ANSWER_CLOSE] = "close",     [ANSWER_DIE] = "die",
};

static const char *const stream_names[] = {
	[STREAM_COUNTERS] = "counters",
	[STREAM_SILENT] = "silent",
	[STREAM_HEADER] = "header",
	[STREAM_FLOOD] = "flood",
	[STREAM_FILE] = "file",
	[STREAM_NAMES] = "names",
	[STREAM_DEFINITIONS] = "definitions",
};

static const char *const core_names[] = {
	[CORE_WHOLE] = "whole",         [CORE_NONE] = "none",
	[CORE_EMPTY] = "empty",         [CORE_TRUNCATED] = "truncated",
	[CORE_NOT_ELF] = "not-elf",     [CORE_WORLD_READABLE] = "world-readable",
	[CORE_KEEP_OPEN] = "keep-open", [CORE_FIFO] = "fifo",
	[CORE_DIRECTORY] = "directory", [CORE_SYMLINK] = "symlink",
	[CORE_HARDLINK] = "hardlink",   [CORE_FOREIGN] = "foreign",
	[CORE_SPARSE] = "sparse",       [CORE_STICKY] = "sticky",
	[CORE_CROWDED] = "crowded",     [CORE_OLD] = "old",
};

const char *scenario_command_name(Command command)
{
	return command_names[command];
}

static int name_index(const char *name, const char *const *names, unsigned n)
{
	for (unsigned i = 0; name && i < n; i++) {
		if (g_str_equal(name, names[i]))
			return (int)i;
	}
	return -1;
}

static gboolean parse_uint(const char *text, guint *ret)
{
	guint64 v;

	if (!text || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT, &v, NULL))
		return FALSE;
	*ret = (guint)v;
	return TRUE;
}

static gboolean parse_u64(const char *text, guint64 *ret)
{
	return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret, NULL);
}

static gboolean set_text(char **dst, const char *text)
{
	g_free(*dst);
	*dst = g_strdup(text);
	return *text != '\0';
}

/* The words after a directive, and the same as one text. */
typedef struct {
	char **words;
	unsigned n;
	const char *rest;
} Arguments;

static gboolean parse_knows(Scenario *s, const Arguments *a)
{
	int command = name_index(a->words[0], command_names, N_COMMANDS);
	guint version;

	if (command < 0)
		return FALSE;
	s->answers[command].versions = 0;
	for (unsigned i = 1; i < a->n; i++) {
		if (!parse_uint(a->words[i], &version) || version > 31)
			return FALSE;
		s->answers[command].versions |= 1u << version;
	}
	return TRUE;
}

static gboolean parse_answer(Scenario *s, const Arguments *a)
{
	int command = name_index(a->words[0], command_names, N_COMMANDS);
	int kind =
		a->n < 2 ? -1 : name_index(a->words[1], answer_names, G_N_ELEMENTS(answer_names));
	Answer *answer;

	if (command < 0 || kind < 0)
		return FALSE;
	answer = &s->answers[command];
	answer->kind = (AnswerKind)kind;
	if (kind == ANSWER_ERROR) {
		g_auto(GStrv) parts = g_strsplit(a->rest, " ", 4);

		if (a->n < 3)
			return FALSE;
		answer->hresult = (guint32)strtoul(a->words[2], NULL, 0);
		g_free(answer->text);
		answer->text = g_strdup(parts[3]);
		return TRUE;
	}
	if (kind == ANSWER_GARBAGE && a->n > 3 && !parse_uint(a->words[3], &answer->seed))
		return FALSE;
	if (kind == ANSWER_GARBAGE || kind == ANSWER_SIZE || kind == ANSWER_DRIP ||
	    kind == ANSWER_DIE || (kind == ANSWER_HALF && a->n > 2))
		return parse_uint(a->n > 2 ? a->words[2] : NULL, &answer->number);
	return a->n == 2;
}

static gboolean parse_delay(Scenario *s, const Arguments *a)
{
	int command = name_index(a->words[0], command_names, N_COMMANDS);

	return command >= 0 && a->n == 2 && parse_uint(a->words[1], &s->answers[command].delay_ms);
}

static gboolean parse_heap(Scenario *s, const Arguments *a)
{
	g_array_set_size(s->heap, 0);
	for (unsigned i = 0; i < a->n; i++) {
		char *end;
		double mb = g_ascii_strtod(a->words[i], &end);

		if (*end)
			return FALSE;
		g_array_append_val(s->heap, mb);
	}
	return a->n > 0;
}

static gboolean parse_stream(Scenario *s, const Arguments *a)
{
	int kind = name_index(a->words[0], stream_names, G_N_ELEMENTS(stream_names));

	gboolean counts = kind == STREAM_NAMES || kind == STREAM_DEFINITIONS;

	if (kind < 0 || (kind == STREAM_FILE || counts) != (a->n == 2))
		return FALSE;
	s->stream = (StreamKind)kind;
	if (counts)
		return parse_uint(a->words[1], &s->stream_n);
	return kind != STREAM_FILE || set_text(&s->stream_file, a->words[1]);
}

static gboolean parse_core(Scenario *s, const Arguments *a)
{
	int kind = name_index(a->words[0], core_names, G_N_ELEMENTS(core_names));
	gboolean wants_path = kind == CORE_SYMLINK || kind == CORE_HARDLINK;

	if (kind < 0 || wants_path != (a->n == 2))
		return FALSE;
	s->core = (CoreKind)kind;
	return !wants_path || set_text(&s->core_path, a->words[1]);
}

static gboolean parse_drip(Scenario *s, const Arguments *a)
{
	return a->n == 2 && parse_uint(a->words[0], &s->drip_bytes) &&
	       parse_uint(a->words[1], &s->drip_ms) && s->drip_bytes > 0;
}

static gboolean parse_listen(Scenario *s, const Arguments *a)
{
	return a->n == 2 && parse_u64(a->words[0], &s->listen_pid) &&
	       parse_u64(a->words[1], &s->listen_key);
}

static gboolean parse_live(Scenario *s, const Arguments *a)
{
	if (a->n != 2 || !parse_uint(a->words[0], &s->live_ms))
		return FALSE;
	s->is_killed = g_str_equal(a->words[1], "kill");
	return s->is_killed || g_str_equal(a->words[1], "exit");
}

static gboolean parse_thread(Scenario *s, const Arguments *a)
{
	const char *name = strchr(a->rest, ' ');

	return a->n >= 2 && parse_uint(a->words[0], &s->thread_ms) &&
	       set_text(&s->thread_name, name + 1);
}

static gboolean parse_variable(Scenario *s, const Arguments *a)
{
	g_ptr_array_add(s->variables, g_strdup(a->rest));
	return strchr(a->rest, '=') != NULL;
}

static gboolean parse_meter(Scenario *s, const Arguments *a)
{
	return scenario_meters_add_instrument(s->meters, a->rest);
}

static gboolean parse_meter_value(Scenario *s, const Arguments *a)
{
	return scenario_meters_add_value(s->meters, a->rest);
}

static gboolean parse_meter_event(Scenario *s, const Arguments *a)
{
	return scenario_meters_add_event(s->meters, a->rest);
}

static const struct {
	const char *name;
	gboolean (*parse)(Scenario *s, const Arguments *a);
} directives[] = {
	{ "knows", parse_knows },
	{ "answer", parse_answer },
	{ "delay", parse_delay },
	{ "heap", parse_heap },
	{ "stream", parse_stream },
	{ "core", parse_core },
	{ "stream-drip", parse_drip },
	{ "listen", parse_listen },
	{ "thread", parse_thread },
	{ "live", parse_live },
	{ "variable", parse_variable },
	{ "meter", parse_meter },
	{ "meter-value", parse_meter_value },
	{ "meter-event", parse_meter_event },
};

static gboolean parse_directive(Scenario *s, const char *name, const Arguments *a)
{
	const struct {
		const char *name;
		char **text;
	} texts[] = {
		{ "runtime", &s->runtime },
		{ "entrypoint", &s->entrypoint },
		{ "command-line", &s->command_line },
		{ "os", &s->os },
		{ "arch", &s->arch },
		{ "rid", &s->rid },
		{ "heap-file", &s->heap_file },
		{ "exec", &s->exec },
		{ "exec-keep", &s->exec_keep },
	};
	const struct {
		const char *name;
		guint *number;
	} numbers[] = {
		{ "heap-step", &s->heap_step_ms }, { "counters", &s->n_counters },
		{ "interval", &s->interval_ms },   { "sessions", &s->max_sessions },
		{ "core-mb", &s->core_mb },        { "createdump", &s->createdump_ms },
		{ "become", &s->become },          { "undumpable", &s->undumpable },
		{ "relisten", &s->relisten },      { "busy", &s->busy_ms },
		{ "hang-up", &s->hang_up },        { "deaf", &s->deaf },
		{ "closed", &s->closed },          { "fork", &s->children },
		{ "info-pid", &s->info_pid },
	};

	if (a->n == 0)
		return FALSE;
	for (unsigned i = 0; i < G_N_ELEMENTS(directives); i++) {
		if (g_str_equal(name, directives[i].name))
			return directives[i].parse(s, a);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (g_str_equal(name, texts[i].name))
			return set_text(texts[i].text, a->rest);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		if (g_str_equal(name, numbers[i].name))
			return a->n == 1 && parse_uint(a->words[0], numbers[i].number);
	}
	if (g_str_equal(name, "stream-cut"))
		return parse_u64(a->words[0], &s->cut);
	return g_str_equal(name, "stream-garbage") && parse_u64(a->words[0], &s->garbage);
}

static gboolean parse_line(Scenario *s, char *line)
{
	g_auto(GStrv) words = NULL;
	Arguments a;
	char *blank;

	g_strstrip(line);
	if (!*line || *line == '#')
		return TRUE;
	blank = line + strcspn(line, " \t");
	a.rest = blank + strspn(blank, " \t");
	words = g_strsplit_set(a.rest, " \t", -1);
	a.words = words;
	a.n = *a.rest ? g_strv_length(words) : 0;
	*blank = '\0';
	return parse_directive(s, line, &a);
}

static Scenario *scenario_new(void)
{
	const double mb = 100;
	Scenario *s = g_new0(Scenario, 1);

	s->runtime = g_strdup("8.0.33");
	s->entrypoint = g_strdup("Fake");
	s->command_line = g_strdup("/usr/bin/dotnet Fake.dll");
	s->os = g_strdup("Linux");
	s->arch = g_strdup("x64");
	s->rid = g_strdup("linux-x64");
	s->variables = g_ptr_array_new_with_free_func(g_free);
	s->heap = g_array_new(FALSE, FALSE, sizeof(double));
	g_array_append_val(s->heap, mb);
	s->heap_step_ms = 1000;
	s->n_counters = 27;
	s->meters = scenario_meters_new();
	s->cut = s->garbage = G_MAXUINT64;
	s->max_sessions = 64;
	s->core_mb = 1;
	s->answers[COMMAND_INFO].versions = 1u << 1 | 1u << 2 | 1u << 3;
	s->answers[COMMAND_ENVIRONMENT].versions = 1u << 1;
	s->answers[COMMAND_COLLECT].versions = 1u << 1 | 1u << 2;
	s->answers[COMMAND_STOP].versions = 1u << 1;
	s->answers[COMMAND_DUMP].versions = 1u << 1 | 1u << 2 | 1u << 3;
	return s;
}

void scenario_free(Scenario *s)
{
	if (!s)
		return;
	g_free(s->runtime);
	g_free(s->entrypoint);
	g_free(s->command_line);
	g_free(s->os);
	g_free(s->arch);
	g_free(s->rid);
	g_ptr_array_unref(s->variables);
	for (unsigned i = 0; i < N_COMMANDS; i++)
		g_free(s->answers[i].text);
	g_array_unref(s->heap);
	scenario_meters_free(s->meters);
	g_free(s->heap_file);
	g_free(s->stream_file);
	g_free(s->core_path);
	g_free(s->thread_name);
	g_free(s->exec);
	g_free(s->exec_keep);
	g_free(s);
}

Scenario *scenario_load(const char *path, GError **error)
{
	g_autoptr(Scenario) s = scenario_new();
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, error))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (unsigned i = 0; lines[i]; i++) {
		g_autofree char *line = g_strdup(lines[i]);

		if (!parse_line(s, line)) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			            "%s:%u: not understood: %s", path, i + 1, lines[i]);
			return NULL;
		}
	}
	return g_steal_pointer(&s);
}

double scenario_heap_mb(const Scenario *s, gint64 elapsed_ms)
{
	g_autofree char *text = NULL;
	gint64 step = elapsed_ms / MAX(s->heap_step_ms, 1);

	if (s->heap_file && g_file_get_contents(s->heap_file, &text, NULL, NULL) && *text)
		return g_ascii_strtod(text, NULL);
	return g_array_index(s->heap, double, MIN(step, (gint64)s->heap->len - 1));
}
