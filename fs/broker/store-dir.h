#pragma once
/*
 * The directories of the store, and what is taken back when a start fails: `made` has the paths of all that
 * this start made, parents first.
 */
#include <glib.h>
#include <sys/types.h>

/* Makes what is missing of an absolute path, with `mode` throughout, whatever the umask is. 0 or negative errno. */
int store_dir_make(const char *path, mode_t mode, GPtrArray *made);

/* A descriptor of the directory, made when it is missing, with exactly that mode; or negative errno. */
int store_dir_open(int at, const char *name, mode_t mode);

/* Targets of other users have to get to their leaf: every directory above must let others through. What is not
 * there yet is not looked at. 0, or -EACCES and a sentence. */
int store_dir_check_parents(const char *dir, char **ret_why);

/* Removes those of them that are empty, or files; empties the list. */
void store_dir_undo(GPtrArray *made);
