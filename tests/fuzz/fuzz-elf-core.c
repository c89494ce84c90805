/*
 * A core: its claimed size (8 bytes, little-endian; all ones: what there is), then the bytes of the file. The verdict
 * is that of a second checker, which is written from the ELF specification over bytes in memory.
 */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fs/broker/elf-core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__extension__ typedef unsigned __int128 Wide;

typedef struct {
	const uint8_t *bytes;
	size_t len;
} File;

static gboolean get(const File *file, Wide at, void *ret, size_t size)
{
	if (at + size > file->len)
		return FALSE;
	memcpy(ret, file->bytes + (size_t)at, size);
	return TRUE;
}

static gboolean is_core(const File *file, uint64_t claimed, Elf64_Ehdr *header)
{
	return claimed >= sizeof *header && get(file, 0, header, sizeof *header) &&
	       !memcmp(header->e_ident, "\177ELF\2\1", 6) && header->e_type == ET_CORE &&
	       header->e_machine == EM_X86_64 && header->e_phentsize == sizeof(Elf64_Phdr);
}

/* As elf_core_check(). */
static int reference(const File *file, uint64_t claimed)
{
	gboolean has_note = FALSE, has_load = FALSE, overlaps = FALSE;
	uint64_t behind = 0;
	Elf64_Ehdr header;
	Elf64_Shdr first = { 0 };
	uint64_t n;

	if (!is_core(file, claimed, &header))
		return -ENOEXEC;
	n = header.e_phnum;
	if (n == PN_XNUM)
		n = get(file, header.e_shoff, &first, sizeof first) ? first.sh_info : 0;
	if (n > 1 << 20)
		return -ENOEXEC;
	if (!n || (Wide)header.e_phoff + (Wide)n * sizeof(Elf64_Phdr) > claimed)
		return -EIO;
	for (uint64_t i = 0; i < n; i++) {
		Elf64_Phdr segment;

		if (!get(file, (Wide)header.e_phoff + i * sizeof segment, &segment,
		         sizeof segment) ||
		    (Wide)segment.p_offset + segment.p_filesz > claimed)
			return -EIO;
		if (segment.p_filesz && segment.p_offset < behind)
			overlaps = TRUE;
		if (segment.p_filesz)
			behind = segment.p_offset + segment.p_filesz;
		has_note |= segment.p_type == PT_NOTE;
		has_load |= segment.p_type == PT_LOAD;
	}
	return has_note && has_load && !overlaps ? 0 : -ENOEXEC;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	const char *why = "unset";
	uint64_t claimed;
	File file;
	int r;

	if (size < sizeof claimed)
		return 0;
	memcpy(&claimed, data, sizeof claimed);
	file = (File){ data + sizeof claimed, size - sizeof claimed };
	if (claimed == UINT64_MAX)
		claimed = file.len;
	if (fd < 0)
		fd = memfd_create("core", MFD_CLOEXEC);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, file.bytes, file.len, 0) != (ssize_t)file.len)
		abort();
	r = elf_core_check(fd, claimed, &why);
	if (r != reference(&file, claimed) || (r == 0) != (why == NULL))
		abort();
	elf_exports(fd, "DotNetRuntimeInfo");
	return 0;
}
