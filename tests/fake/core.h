#pragma once
/* What a fake dump leaves at the path that it was asked for. */
#include "tests/fake/scenario.h"

/* 0, or a negative errno. CORE_KEEP_OPEN leaves the descriptor open for the rest of the program. */
int core_write(const Scenario *s, const char *path);
