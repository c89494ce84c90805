/* See elf-core.h. */
#include "fs/broker/elf-core.h"
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADERS_AT_ONCE = 64,
	STRINGS_AT_ONCE = 65536,
	SECTIONS_MAX = 4096,
	HEADERS_MAX =
		1
		<< 20, /* a core has one a mapping, which the kernel limits to 65,530 unless told otherwise */
};

static gboolean read_at(int fd, uint64_t offset, void *buf, size_t len)
{
	size_t done = 0;

	if (offset > INT64_MAX - len)
		return FALSE;
	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		done += (size_t)n;
	}
	return TRUE;
}

static gboolean is_elf64(const Elf64_Ehdr *header)
{
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB;
}

/* Above 65,534 program headers the count is in the first section header. */
static uint64_t count_headers(int fd, const Elf64_Ehdr *header)
{
	Elf64_Shdr section;

	if (header->e_phnum != PN_XNUM)
		return header->e_phnum;
	if (!read_at(fd, header->e_shoff, &section, sizeof section))
		return 0;
	return section.sh_info;
}

/* Of the processes here; EM_NONE: any. */
#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_NONE
#endif

typedef struct {
	uint64_t notes, loads;
	uint64_t end; /* of what was looked at; they come in the order of the file */
	gboolean cut, overlap;
} Segments;

static void look_at_segment(const Elf64_Phdr *segment, uint64_t size, Segments *segments)
{
	uint64_t end;

	if (__builtin_add_overflow(segment->p_offset, segment->p_filesz, &end) || end > size)
		segments->cut = TRUE;
	if (segment->p_filesz) {
		segments->overlap |= segment->p_offset < segments->end;
		segments->end = end;
	}
	segments->notes += segment->p_type == PT_NOTE;
	segments->loads += segment->p_type == PT_LOAD;
}

int elf_core_check(int fd, uint64_t size, const char **ret_why)
{
	Elf64_Phdr headers[HEADERS_AT_ONCE];
	Segments segments = { 0 };
	Elf64_Ehdr header;
	uint64_t n, end;

	*ret_why = "the file is no 64-bit ELF core";
	if (size < sizeof header) {
		*ret_why = size ? "the file is too short for an ELF core" : "the file is empty";
		return -ENOEXEC;
	}
	if (!read_at(fd, 0, &header, sizeof header) || !is_elf64(&header) ||
	    header.e_type != ET_CORE || header.e_phentsize != sizeof(Elf64_Phdr))
		return -ENOEXEC;
	if (MACHINE != EM_NONE && header.e_machine != MACHINE) {
		*ret_why = "the core is of another kind of machine";
		return -ENOEXEC;
	}
	*ret_why = "the core is cut: not all of its segments are in the file";
	n = count_headers(fd, &header);
	if (n > HEADERS_MAX) {
		*ret_why = "the core has too many segments";
		return -ENOEXEC;
	}
	if (!n || __builtin_add_overflow(header.e_phoff, n * sizeof(Elf64_Phdr), &end) ||
	    end > size)
		return -EIO;
	for (uint64_t i = 0; i < n && !segments.cut; i += HEADERS_AT_ONCE) {
		uint64_t count = MIN(n - i, HEADERS_AT_ONCE);

		if (!read_at(fd, header.e_phoff + i * sizeof headers[0], headers,
		             count * sizeof headers[0]))
			return -EIO;
		for (uint64_t k = 0; k < count; k++)
			look_at_segment(&headers[k], size, &segments);
	}
	if (segments.cut)
		return -EIO;
	if (segments.overlap) {
		*ret_why = "segments of the core overlap in the file";
		return -ENOEXEC;
	}
	if (!segments.notes || !segments.loads) {
		*ret_why = "the core has no notes or no memory in it";
		return -ENOEXEC;
	}
	*ret_why = NULL;
	return 0;
}

/* The name with a NUL on both sides; the pieces overlap so that it is found across their border. */
static gboolean find_string(int fd, uint64_t offset, uint64_t len, const char *name)
{
	size_t want = strlen(name) + 2;
	char needle[128], buf[STRINGS_AT_ONCE];

	if (want > sizeof needle)
		return FALSE;
	needle[0] = '\0';
	memcpy(needle + 1, name, want - 1);
	for (uint64_t at = 0; at + want <= len; at += sizeof buf - want) {
		size_t n = MIN(len - at, sizeof buf);

		if (!read_at(fd, offset + at, buf, n))
			return FALSE;
		if (memmem(buf, n, needle, want))
			return TRUE;
	}
	return FALSE;
}

gboolean elf_exports(int fd, const char *name)
{
	Elf64_Ehdr header;
	Elf64_Shdr section, strings;

	if (!read_at(fd, 0, &header, sizeof header) || !is_elf64(&header) ||
	    header.e_shentsize != sizeof section || header.e_shnum > SECTIONS_MAX)
		return FALSE;
	for (unsigned i = 0; i < header.e_shnum; i++) {
		uint64_t at = header.e_shoff + (uint64_t)i * sizeof section;

		if (!read_at(fd, at, &section, sizeof section))
			return FALSE;
		if (section.sh_type != SHT_DYNSYM || section.sh_link >= header.e_shnum)
			continue;
		at = header.e_shoff + (uint64_t)section.sh_link * sizeof strings;
		return read_at(fd, at, &strings, sizeof strings) && strings.sh_type == SHT_STRTAB &&
		       find_string(fd, strings.sh_offset, strings.sh_size, name);
	}
	return FALSE;
}
