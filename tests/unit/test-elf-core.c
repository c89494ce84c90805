/* Whole, cut and hostile ELF cores, and the search in an executable's .dynsym. */
#include "fs/broker/elf-core.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fs/util.h"

enum {
	N_SEGMENTS = 3,
	SEGMENT = 4096
};

typedef struct {
	Elf64_Ehdr header;
	Elf64_Phdr segments[N_SEGMENTS];
} Head;

static Head good_head(void)
{
	Head head = { 0 };

	memcpy(head.header.e_ident, ELFMAG, SELFMAG);
	head.header.e_ident[EI_CLASS] = ELFCLASS64;
	head.header.e_ident[EI_DATA] = ELFDATA2LSB;
	head.header.e_type = ET_CORE;
	head.header.e_machine = EM_X86_64;
	head.header.e_phoff = sizeof head.header;
	head.header.e_phentsize = sizeof(Elf64_Phdr);
	head.header.e_phnum = N_SEGMENTS;
	for (unsigned i = 0; i < N_SEGMENTS; i++) {
		head.segments[i].p_type = i ? PT_LOAD : PT_NOTE;
		head.segments[i].p_offset = SEGMENT * (i + 1);
		head.segments[i].p_filesz = SEGMENT;
	}
	return head;
}

static const guint64 whole = SEGMENT * (N_SEGMENTS + 1);

static int make(const Head *head, guint64 size)
{
	int fd = memfd_create("core", MFD_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(pwrite(fd, head, sizeof *head, 0), ==, sizeof *head);
	g_assert_cmpint(ftruncate(fd, (off_t)size), ==, 0);
	return fd;
}

static int check(const Head *head, guint64 size)
{
	autofd int fd = make(head, size);
	const char *why = NULL;
	int r = elf_core_check(fd, size, &why);

	g_assert_true((r < 0) == (why != NULL));
	return r;
}

static void test_whole(void)
{
	Head head = good_head();

	g_assert_cmpint(check(&head, whole), ==, 0);
	g_assert_cmpint(check(&head, whole + 100), ==, 0);
}

static void test_cut_everywhere(void)
{
	Head head = good_head();

	for (guint64 size = 0; size < whole; size += 7)
		g_assert_cmpint(check(&head, size), <, 0);
	g_assert_cmpint(check(&head, whole - 1), ==, -EIO);
}

static void test_not_a_core(void)
{
	Head head = good_head();

	head.header.e_type = ET_EXEC;
	g_assert_cmpint(check(&head, whole), ==, -ENOEXEC);
	head = good_head();
	head.header.e_ident[0] = 'X';
	g_assert_cmpint(check(&head, whole), ==, -ENOEXEC);
	head = good_head();
	head.segments[0].p_type = PT_LOAD;
	g_assert_cmpint(check(&head, whole), ==, -ENOEXEC);
}

static void test_hostile(void)
{
	Head head = good_head();

	head.segments[1].p_offset = G_MAXUINT64 - 10;
	g_assert_cmpint(check(&head, whole), ==, -EIO);
	head = good_head();
	head.header.e_phoff = G_MAXUINT64 - 10;
	g_assert_cmpint(check(&head, whole), ==, -EIO);
	head = good_head();
	head.header.e_phnum = PN_XNUM; /* and no section header to count in */
	head.header.e_shoff = G_MAXUINT64 - 1;
	g_assert_cmpint(check(&head, whole), ==, -EIO);
	head.header.e_shoff = sizeof head; /* a count of 0 */
	g_assert_cmpint(check(&head, whole), ==, -EIO);
	head = good_head();
	head.segments[2].p_offset -= 1;
	g_assert_cmpint(check(&head, whole), ==, -ENOEXEC);
	head = good_head();
	head.segments[1].p_filesz = 0; /* which takes nothing, and overlaps nothing */
	head.segments[1].p_offset = 0;
	g_assert_cmpint(check(&head, whole), ==, 0);
	head.header.e_machine = EM_ARM;
	g_assert_cmpint(check(&head, whole), ==, -ENOEXEC);
}

static void test_many_headers(void)
{
	Head head = good_head();
	Elf64_Shdr section = { .sh_info = N_SEGMENTS };
	autofd int fd = -1;
	const char *why;

	head.header.e_phnum = PN_XNUM;
	head.header.e_shoff = 1024;
	fd = make(&head, whole);
	g_assert_cmpint(pwrite(fd, &section, sizeof section, 1024), ==, sizeof section);
	g_assert_cmpint(elf_core_check(fd, whole, &why), ==, 0);
	/* As many as there could be, in a file that is large enough for them and holds nothing: not looked for. */
	section.sh_info = G_MAXUINT32;
	g_assert_cmpint(pwrite(fd, &section, sizeof section, 1024), ==, sizeof section);
	g_assert_cmpint(elf_core_check(fd, (guint64)1 << 50, &why), ==, -ENOEXEC);
	g_assert_nonnull(strstr(why, "too many"));
	g_assert_cmpint(elf_core_check(fd, G_MAXUINT64, &why), ==, -ENOEXEC);
}

static void test_exports(void)
{
	autofd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	autofd int text = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);

	g_assert_true(elf_exports(fd, "pwrite") || elf_exports(fd, "pwrite64"));
	g_assert_false(elf_exports(fd, "DotNetRuntimeInfo"));
	g_assert_false(elf_exports(fd, "pwrit"));
	g_assert_false(elf_exports(text, "pwrite"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/elf-core/whole", test_whole);
	g_test_add_func("/elf-core/row-D3/row-H14/cut-everywhere", test_cut_everywhere);
	g_test_add_func("/elf-core/not-a-core", test_not_a_core);
	g_test_add_func("/elf-core/row-H14/hostile", test_hostile);
	g_test_add_func("/elf-core/row-H14/many-headers", test_many_headers);
	g_test_add_func("/elf-core/exports", test_exports);
	return g_test_run();
}
