#pragma once
/* The time of a clock, in microseconds. */
#include <stdint.h>
#include <time.h>

static inline int64_t now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
