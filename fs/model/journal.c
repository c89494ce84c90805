/* Syslog's datagrams (RFC 3164, as every /dev/log takes them). */
#include "fs/model/journal.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fs/model/event-log.h"
#include "fs/util.h"

enum {
	FACILITY_DAEMON = 3 << 3,
	SEVERITY_WARNING = 4,
	SEVERITY_INFO = 6,
};

void journal_init(Journal *journal, int fd)
{
	journal->fd = fd;
	journal->dropped = 0;
}

void journal_clear(Journal *journal)
{
	util_close_fd(&journal->fd);
}

void journal_send(Journal *journal, EventWord word, pid_t pid, const char *pairs)
{
	g_autofree char *line = NULL;
	g_autofree char *datagram = NULL;
	gboolean bad = word == EVENT_WARNING || word == EVENT_DUMP_FAILED ||
	               word == EVENT_SESSION_LOST || word == EVENT_MISSED;
	const char *text;

	if (journal->fd < 0)
		return;
	line = event_line(0, pid, word, pairs);
	text = strchr(line, ' ') + 1;
	datagram = g_strdup_printf("<%d>triggerdumpfs[%d]: %s",
	                           FACILITY_DAEMON | (bad ? SEVERITY_WARNING : SEVERITY_INFO),
	                           (int)getpid(), text);
	if (send(journal->fd, datagram, strlen(datagram), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		journal->dropped++;
}
