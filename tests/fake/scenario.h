#pragma once
/*
 * What a fake runtime knows, answers and does: a text file, one directive a line. Blank lines and
 * lines that begin with '#' are ignored; what is not said is as in a healthy .NET 8 with a heap of
 * 100 MB.
 *
 *   runtime VERSION         clrProductVersion
 *   entrypoint NAME         the managed entry assembly
 *   info-pid N              the pid that it names in ProcessInfo, instead of its own
 *   command-line TEXT       os TEXT    arch TEXT    rid TEXT
 *   variable KEY=VALUE      of its environment, once a line
 *   knows COMMAND N...      the versions of a command that it knows ("knows info": none)
 *   answer COMMAND HOW      COMMAND is info, environment, collect, stop or dump; HOW is one of
 *       ok                  (default)
 *       error HRESULT [TEXT...]   0x80004005 and so on, with the text of GenerateCoreDump3
 *       unknown             as for a command that it does not know
 *       silence             never; other requests are served
 *       hang                never, and nothing else any more: the server thread is stuck
 *       garbage N [SEED]    N random bytes (the same in each run)
 *       half [N]            the first N bytes of the answer (10), then silence
 *       size N              the answer, with N as its size in the header
 *       drip MS             a byte every MS
 *       close               end of file without a byte
 *       die N               after N bytes of the answer the process kills itself; 0: when it has the request
 *   delay COMMAND MS        before the answer; the server does nothing else meanwhile
 *   busy MS                 when this is read it does nothing at all for so long, streams neither
 *   hang-up 1               every connection is closed at once, unread
 *   deaf N                  nobody is accepted; N connections of its own wait already (its backlog is 255)
 *   closed 1                from now on nobody listens; the name stays, and so do streams
 *
 *   heap MB...              gc-heap-size, a value a step; the last one stays
 *   heap-step MS            default 1000
 *   heap-file PATH          the number in this file instead, whenever there is one
 *   counters 19|27          those of 3.1, or those of 8 to 11
 *   interval MS             of counters and meters, whatever a session asks for
 *   stream counters         of System.Runtime, and the meters, for sessions that ask for them (default)
 *   stream silent           nothing behind the reply
 *   stream header           the header and nothing more
 *   stream flood            counters without a pause, as fast as they are taken
 *   stream names N          counters, and as many more of other names, a thousand each interval, over and over
 *   stream definitions N    counters, and before them as many definitions of metadata, a thousand at a time
 *   stream file PATH        these bytes, then the end of file
 *   stream-cut N            end of file after N bytes
 *   stream-garbage N        random bytes after N bytes, without an end
 *   stream-drip BYTES MS    no more than so many bytes every MS
 *   sessions N              how many it allows at a time (default 64); then FAIL
 *
 *   meter METER|VERSION|INSTRUMENT|TYPE|UNIT|DESCRIPTION[|TAGS|METER TAGS|SCOPE HASH]
 *                           an instrument, for sessions whose Metrics= have it; its id is the number of the
 *                           line. TYPE is Counter, UpDownCounter, Gauge, each also with Observable before
 *                           it, or Histogram. Texts may have C escapes: \n, \174 for |, \\. The release in
 *                           `runtime` decides on the versions of events (6, 8, 9, 10), and whether * is all
 *   meter-value INSTRUMENT|TAGS|NUMBER...
 *                           of the last instrument of that name above: a value a collection, the last one
 *                           stays; of counters the total; "-" for no measurement; sent as it stands.
 *                           Of a histogram: COUNT SUM 0.5=N;0.95=N;0.99=N, of each interval. A session that
 *                           begins while another of its SessionId is open goes on in the same row
 *   meter-event N WHAT      before the values of the Nth collection of a session; 0: at its start
 *       series-limit        12
 *       histogram-limit     13
 *       error TEXT          9; callback-error TEXT: 14
 *       no-sharing ID       15, with the session that is running; from then on nothing else
 *       other-settings S [CLIENT]   17: S seconds are in force, and at the start no instrument is announced;
 *                           with CLIENT it is that client's error, of which we hear
 *       end INSTRUMENT      8, and no values of it any more
 *
 *   core HOW [PATH]         what a dump leaves behind: whole, none, empty, truncated, not-elf,
 *                           world-readable, keep-open (for writing), fifo, directory, symlink PATH,
 *                           hardlink PATH, foreign (root's alone can: it is given to another user), sparse
 *                           (all of core-mb is a hole), sticky (whole; its directory has that bit), crowded
 *                           (truncated; the same, and full directories beside it), old (last written to an hour
 *                           ago)
 *   createdump MS           a child of that name writes it, for so long, with this process frozen as the real
 *                           one does it (ptrace); one that is killed counts as success, as in a runtime
 *   core-mb N               10^6 bytes (default 1), with N * 100 texts "SPIKE-MARKER-0000001-"
 *
 *   listen PID KEY          the name that it claims, instead of its own pid and start time
 *   become UID              at SIGUSR2 it becomes that user (root's alone can)
 *   undumpable 1            at SIGUSR2 it makes itself so; 2: dumpable again
 *   exec PROGRAM            at SIGUSR2 it becomes that program, which is given no arguments and a variable CANARY
 *   exec-keep PROGRAM       the same; a child goes on listening and answering in its place
 *   relisten 1              at SIGUSR2 a child begins to listen on the same socket, and answers in its place
 *   thread MS NAME          after MS it has a thread of this name (".NET TP Worker")
 *   live MS exit|kill       it ends after MS: as at SIGTERM, or by SIGKILL
 *   fork N                  at the start it forks N children that have its descriptors and do nothing: "child PID"
 */
#include "tests/fake/scenario-meters.h"

typedef enum {
	COMMAND_INFO,
	COMMAND_ENVIRONMENT,
	COMMAND_COLLECT,
	COMMAND_STOP,
	COMMAND_DUMP,
	N_COMMANDS,
} Command;

typedef enum {
	ANSWER_OK,
	ANSWER_ERROR,
	ANSWER_UNKNOWN,
	ANSWER_SILENCE,
	ANSWER_HANG,
	ANSWER_GARBAGE,
	ANSWER_HALF,
	ANSWER_SIZE,
	ANSWER_DRIP,
	ANSWER_CLOSE,
	ANSWER_DIE,
} AnswerKind;

typedef struct {
	AnswerKind kind;
	guint32 hresult;
	char *text;
	guint number; /* N or MS; HALF: 0 is 10 */
	guint seed;
	guint delay_ms;
	guint32 versions; /* bits 1 << version */
} Answer;

typedef enum {
	STREAM_COUNTERS,
	STREAM_SILENT,
	STREAM_HEADER,
	STREAM_FLOOD,
	STREAM_NAMES,
	STREAM_DEFINITIONS,
	STREAM_FILE,
} StreamKind;

typedef enum {
	CORE_WHOLE,
	CORE_NONE,
	CORE_EMPTY,
	CORE_TRUNCATED,
	CORE_NOT_ELF,
	CORE_WORLD_READABLE,
	CORE_KEEP_OPEN,
	CORE_FIFO,
	CORE_DIRECTORY,
	CORE_SYMLINK,
	CORE_HARDLINK,
	CORE_FOREIGN,
	CORE_SPARSE,
	CORE_STICKY,
	CORE_CROWDED,
	CORE_OLD,
} CoreKind;

typedef struct {
	char *runtime, *entrypoint, *command_line, *os, *arch, *rid;
	GPtrArray *variables; /* char *, "KEY=VALUE" */
	Answer answers[N_COMMANDS];

	GArray *heap; /* double, MB */
	guint heap_step_ms;
	char *heap_file;
	guint n_counters;
	guint interval_ms; /* 0: as asked */
	ScenarioMeters *meters;
	StreamKind stream;
	char *stream_file;
	guint stream_n; /* names, definitions */
	guint busy_ms, hang_up, deaf, closed;
	guint64 cut, garbage;      /* G_MAXUINT64: never */
	guint drip_bytes, drip_ms; /* 0: no drip */
	guint max_sessions;

	CoreKind core;
	char *core_path;
	guint core_mb;
	guint createdump_ms; /* 0: no child */

	guint64 listen_pid, listen_key; /* 0: its own */
	guint become;                   /* 0: nobody else */
	guint undumpable;               /* 0: as it is */
	char *exec, *exec_keep;         /* NULL: none */
	guint relisten;                 /* 0: not */
	guint thread_ms;
	char *thread_name;  /* NULL: none */
	guint live_ms;      /* 0: for ever */
	gboolean is_killed; /* then */
	guint children;
	guint info_pid; /* 0: its own */
} Scenario;

/* NULL and *error with file and line when a directive is not understood. */
Scenario *scenario_load(const char *path, GError **error);
void scenario_free(Scenario *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scenario, scenario_free)

const char *scenario_command_name(Command command);

/* gc-heap-size at this many milliseconds after the start. */
double scenario_heap_mb(const Scenario *s, gint64 elapsed_ms);
