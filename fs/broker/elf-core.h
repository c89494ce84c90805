#pragma once
/*
 * Two questions to ELF files that somebody else wrote. Reads with pread only, in small pieces; every
 * offset and length is checked against overflow and the file's size. For helpers.
 */
#include <glib.h>
#include <stdint.h>

/*
 * 0 when fd is a whole 64-bit little-endian ELF core: type ET_CORE, at least one PT_NOTE and one PT_LOAD,
 * of this machine, every segment inside the file (a cut core fails here) and behind the one before it (createdump
 * writes strictly forward). -ENOEXEC when it is no such file, -EIO when it is cut; *ret_why then is a sentence.
 */
int elf_core_check(int fd, uint64_t size, const char **ret_why);

/* Whether .dynsym's string table of an executable has this exact name. */
gboolean elf_exports(int fd, const char *name);
