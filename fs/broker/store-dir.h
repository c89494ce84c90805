#pragma once
/*
 * The directories of the store, and what is taken back when a start fails: `made` has the paths of all that
 * this start made, parents first.
 */
#include <glib.h>
#include <sys/types.h>

/* Makes what is missing of an absolute path, with `mode` throughout, whatever the umask is. 0 or negative errno. */
int store_dir_make(const char *path, mode_t mode, GPtrArray *made);

/* A descriptor of the directory, made when it is missing, with exactly that mode; or negative errno: -EPERM when it
 * is somebody else's. */
int store_dir_open(int at, const char *name, mode_t mode);

/* Targets of other users have to get to their leaf: every directory above must let others through; and nobody but
 * root may put something else in the place of one, or of the store: each is root's, and no other user's to write
 * to but with the sticky bit, also where a link leads. What is not there yet is not looked at. 0, or -EACCES and a
 * sentence. */
int store_dir_check_parents(const char *dir, char **ret_why);

/* Removes those of them that are empty, or files; empties the list. */
void store_dir_undo(GPtrArray *made);
