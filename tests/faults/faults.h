/* faults.h -- decides which call of the C library fails: one of a program of ours, once. */
#ifndef C10K_FAULTS_H
#define C10K_FAULTS_H

enum { FAULT_NONE = 0, FAULT_SHORT = -1 };

/* Returns the errno with which this call must fail, FAULT_SHORT if it must do only a part, or
 * FAULT_NONE.  `name` is the function's, `caller` the address that it returns to; a call that
 * is not one of the program itself never fails.  In a recording run each call site is noted. */
int fault_due(const char *name, const void *caller);

/* The function that the program would have called without this library. */
void *fault_real(const char *name);

#endif
