#pragma once
/*
 * The front: the half that serves the mount and parses what targets send, without any rights of its
 * own. It never mounts, unmounts, forks, connects or opens a path of somebody else.
 */
#include "fs/model/settings.h"

/*
 * Serves until the broker says stop (returns 0), the connection to it or to the kernel ends (a
 * negative errno; -ENOTCONN when the mount was taken away). Without a mount it goes on for a few seconds while a
 * dump is under way, so that the broker gets its json. Takes all descriptors:
 *   link_fd  the front's end of the SEQPACKET pair
 *   fuse_fd  /dev/fuse, mounted already
 *   log_fd   a connected datagram socket of syslog, or -1
 * Privileges were dropped by the caller; system calls are filtered here (wall.h), unless without_filter. Where
 * that cannot be, root's mount ends with -EPERM, and another user's says so. Signals that end or hang up are
 * ignored from here on: a ^C hits both halves, and the broker decides.
 */
int front_run(int link_fd, int fuse_fd, const Settings *settings, int log_fd,
              gboolean without_filter);
