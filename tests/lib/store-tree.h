#pragma once
/* What store_open() makes in a directory is removed, and the directory: for tests, which leave no dump. */
#include <glib.h>
#include <stdio.h>

static inline void store_tree_remove(const char *dir)
{
	static const char *const names[] = { "work", "sealed", "lock", "" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(dir, names[i], NULL);

		remove(path);
	}
}
