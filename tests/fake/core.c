#include "tests/fake/core.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <glib/gstdio.h>

enum {
	MARKER_STRIDE = 10000, /* as the sample applications' Spike objects */
	LOAD_OFFSET = 4096,
	FOREIGN_UID = 1,
};

static void append_note(GByteArray *out, guint32 type, const void *desc, guint32 len)
{
	const Elf64_Nhdr header = { .n_namesz = 5, .n_descsz = len, .n_type = type };
	const guint8 zeros[8] = { 0 };

	g_byte_array_append(out, (const guint8 *)&header, sizeof header);
	g_byte_array_append(out, (const guint8 *)"CORE\0\0\0", 8);
	g_byte_array_append(out, desc, len);
	g_byte_array_append(out, zeros, (4 - len % 4) % 4);
}

/* The headers and notes of a core with one segment of `size` bytes, padded to LOAD_OFFSET. */
static GByteArray *core_head(gsize size)
{
	GByteArray *out = g_byte_array_new();
	g_autoptr(GByteArray) notes = g_byte_array_new();
	const guint8 zero = 0;
	struct elf_prstatus status = { .pr_pid = getpid() };
	struct elf_prpsinfo info = { .pr_pid = getpid(),
		                     .pr_fname = "dotnet",
		                     .pr_psargs = "dotnet" };
	Elf64_Ehdr ehdr = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
		                         ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE },
		            .e_type = ET_CORE,
		            .e_machine = EM_X86_64,
		            .e_version = EV_CURRENT,
		            .e_phoff = sizeof ehdr,
		            .e_ehsize = sizeof ehdr,
		            .e_phentsize = sizeof(Elf64_Phdr),
		            .e_phnum = 2 };
	Elf64_Phdr phdrs[2] = { { .p_type = PT_NOTE, .p_offset = sizeof ehdr + sizeof phdrs },
		                { .p_type = PT_LOAD,
		                  .p_flags = PF_R | PF_W,
		                  .p_offset = LOAD_OFFSET,
		                  .p_vaddr = 0x7f0000000000,
		                  .p_filesz = size,
		                  .p_memsz = size,
		                  .p_align = LOAD_OFFSET } };

	append_note(notes, NT_PRSTATUS, &status, sizeof status);
	append_note(notes, NT_PRPSINFO, &info, sizeof info);
	phdrs[0].p_filesz = notes->len;
	g_byte_array_append(out, (const guint8 *)&ehdr, sizeof ehdr);
	g_byte_array_append(out, (const guint8 *)phdrs, sizeof phdrs);
	g_byte_array_append(out, notes->data, notes->len);
	while (out->len < LOAD_OFFSET)
		g_byte_array_append(out, &zero, 1);
	return out;
}

static int write_all(int fd, const void *data, gsize len)
{
	const guint8 *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0)
			return -errno;
		p += n;
		len -= (gsize)n;
	}
	return 0;
}

/* It takes so many milliseconds. */
static int write_core(int fd, gsize size, guint ms)
{
	g_autoptr(GByteArray) head = core_head(size);
	const gsize n_blocks = size / MARKER_STRIDE;
	const gint64 start_us = g_get_monotonic_time();
	char block[MARKER_STRIDE];
	int r = write_all(fd, head->data, head->len);

	for (guint i = 1; r == 0 && i <= n_blocks; i++) {
		gint64 due_us = start_us + (gint64)ms * 1000 * i / (gint64)n_blocks;

		memset(block, 0, sizeof block);
		g_snprintf(block, sizeof block, "SPIKE-MARKER-%07u-", i);
		r = write_all(fd, block, sizeof block);
		if (g_get_monotonic_time() < due_us)
			g_usleep((gulong)(due_us - g_get_monotonic_time()));
	}
	return r;
}

static int write_sparse(int fd, gsize size)
{
	g_autoptr(GByteArray) head = core_head(size);
	int r = write_all(fd, head->data, head->len);

	return r == 0 && ftruncate(fd, (off_t)(LOAD_OFFSET + size)) < 0 ? -errno : r;
}

static int make_old(int fd)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - 3600 },
		                     { .tv_sec = time(NULL) - 3600 } };

	return futimens(fd, times) < 0 ? -errno : 0;
}

static int write_file(const Scenario *s, const char *path)
{
	const gsize size = (gsize)s->core_mb * 1000000;
	int fd = g_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	                s->core == CORE_WORLD_READABLE ? 0644 : 0600);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (s->core == CORE_NOT_ELF)
		r = write_all(fd, "this is no core\n", 16);
	else if (s->core == CORE_SPARSE)
		r = write_sparse(fd, size);
	else if (s->core != CORE_EMPTY)
		r = write_core(fd, size, s->createdump_ms);
	if (r == 0 && s->core == CORE_FOREIGN)
		r = fchown(fd, FOREIGN_UID, (gid_t)-1) < 0 ? -errno : 0;
	if (r == 0 && (s->core == CORE_TRUNCATED || s->core == CORE_CROWDED))
		r = ftruncate(fd, (off_t)(LOAD_OFFSET + size / 2)) < 0 ? -errno : 0;
	if (r == 0 && s->core == CORE_OLD)
		r = make_old(fd);
	if (s->core != CORE_KEEP_OPEN)
		close(fd);
	return r;
}

/* Nobody but its owner removes anything in the directory of the core; crowded: and there is much to remove. */
static int spoil_directory(const Scenario *s, const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);

	for (unsigned i = 0; s->core == CORE_CROWDED && i < 20; i++) {
		g_autofree char *name = g_strdup_printf("%s/%u/deeper/still", dir, i);

		if (g_mkdir_with_parents(name, 0700) < 0 || chmod(name, 0) < 0)
			return -errno;
	}
	return chmod(dir, 01700) < 0 ? -errno : 0;
}

static int leave(const Scenario *s, const char *path)
{
	int r;

	switch (s->core) {
	case CORE_NONE:
		return 0;
	case CORE_FIFO:
		return mkfifo(path, 0600) < 0 ? -errno : 0;
	case CORE_DIRECTORY:
		return mkdir(path, 0700) < 0 ? -errno : 0;
	case CORE_SYMLINK:
		return symlink(s->core_path, path) < 0 ? -errno : 0;
	case CORE_HARDLINK:
		return link(s->core_path, path) < 0 ? -errno : 0;
	case CORE_WHOLE:
	case CORE_EMPTY:
	case CORE_TRUNCATED:
	case CORE_NOT_ELF:
	case CORE_WORLD_READABLE:
	case CORE_KEEP_OPEN:
	case CORE_FOREIGN:
	case CORE_SPARSE:
	case CORE_OLD:
		return write_file(s, path);
	case CORE_STICKY:
	case CORE_CROWDED:
		r = spoil_directory(s, path);
		return r < 0 ? r : write_file(s, path);
	}
	return -EINVAL;
}

/* In the child: stops its parent for as long as it writes. */
static G_GNUC_NORETURN void be_createdump(const Scenario *s, const char *path)
{
	const pid_t parent = getppid();
	int r;

	prctl(PR_SET_NAME, "createdump");
	if (ptrace(PTRACE_ATTACH, parent, NULL, NULL) < 0)
		_exit(errno);
	waitpid(parent, NULL, __WALL);
	r = leave(s, path);
	ptrace(PTRACE_DETACH, parent, NULL, NULL);
	_exit(-r);
}

int core_write(const Scenario *s, const char *path)
{
	pid_t child;
	int status;

	if (!s->createdump_ms)
		return leave(s, path);
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		be_createdump(s, path);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 0;
}
