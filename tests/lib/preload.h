#pragma once
/* For libraries that stand before the C library by LD_PRELOAD: its own syscall(), and what the test says. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef long (*Kernel)(long number, ...);

/* syscall() of the C library: one in the preloaded library stands before it. */
static inline Kernel kernel(void)
{
	static Kernel found;

	if (!found)
		*(void **)&found = dlsym(RTLD_NEXT, "syscall");
	return found;
}

/* The file that an environment variable names, shared with all that map it; NULL when there is none. */
static inline void *preload_map(const char *variable, size_t size)
{
	const char *path = getenv(variable);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *found;

	if (fd < 0)
		return NULL;
	found = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return found == MAP_FAILED ? NULL : found;
}
