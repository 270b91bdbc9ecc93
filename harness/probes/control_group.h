/* control_group.h -- where the control groups of a process are, in version 1 and 2; cgroups(7). */
#ifndef C10K_CONTROL_GROUP_H
#define C10K_CONTROL_GROUP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes the folder of a process's group, with `controller` in version 1 ("pids") or in version 2.
 * Returns the length of the folder that no group lies above; 0 if there is none. */
size_t control_group_folder(pid_t pid, const char *controller, char *folder, size_t size);

/* Moves to the folder above.  Returns 0 if the topmost one was passed, as control_group_folder()
 * returned it. */
size_t control_group_above(char *folder, size_t top);

/* How long a limit of CPU time has held back our groups since they were made, in ns of all CPUs; 0
 * if no group of ours has such a limit. */
uint64_t control_group_throttled_ns(void);

/* The same, from the text of a cpu.stat file of either version; 0 if it tells none. */
uint64_t control_group_throttled_in(const char *text);

#endif
