/* unit.h -- what every cmocka program needs. */
#ifndef C10K_UNIT_H
#define C10K_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
