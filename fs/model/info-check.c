/* See info-check.h. */
#include "fs/model/info-check.h"

/* Of the runtime's making: printable ASCII. Names of programs and arguments may be anything. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

const char *info_check(const IpcProcessInfo *info, pid_t nspid)
{
	const char *const texts[] = { info->os, info->arch, info->runtime_version, info->rid };

	if (info->pid != (uint64_t)nspid)
		return "its ProcessInfo is not believed: it names another pid";
	for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!is_plain(texts[i]))
			return "its ProcessInfo is not believed: its texts are no runtime's";
	return NULL;
}
