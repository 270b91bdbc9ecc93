/* connects.c -- why connections are missing: because of the server, or of the busy machine. */
#include "harness/measure/connects.h"

#include <stdio.h>
#include <string.h>

#include "harness/probes/probe_tree.h"
#include "harness/measure/shortage.h"

enum { TEXT_MAX = 256 };

struct foreign_look connects_begin(const struct target *target)
{
    struct tree tree = probe_tree(target->process.pid);
    struct foreign_look look = foreign_look(&tree);
    probe_tree_free(&tree);
    return look;
}

/* True if no connect was refused, ended, or failed in another way. */
static bool only_timed_out(const struct answer *answer)
{
    static const char *const others[] = {"connections_refused", "connections_reset",
                                         "connections_failed"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (answer_number(answer, others[i]) > 0) return false;
    return answer_number(answer, "connections_timed_out") > 0;
}

/* True if the server reported what ran out: then the busy machine is not the reason. */
static bool ran_out(const struct target *target)
{
    char words[TEXT_MAX];
    process_last_line(&target->process, words, sizeof words);
    return shortage_errno(LIMITS, words)[0] != '\0';
}

enum verdict connects_judge(struct target *target, const struct foreign_look *before,
                            const struct answer *answer, char *reason, size_t size)
{
    char text[TEXT_MAX];
    if (answer_number(answer, "corrupt") > 0) return VERDICT_CORRUPT;
    if (!target_is_running(target)) {
        process_last_words(&target->process, text, sizeof text);
        snprintf(reason, size, "the server ended during connecting: %.180s", text);
        return VERDICT_FAILED;
    }
    if (ran_out(target) || !only_timed_out(answer)) return VERDICT_FAILED;
    struct foreign_look after = connects_begin(target);
    struct verdict_numbers numbers = foreign_numbers(before, &after);
    if (verdict_judge_machine(&numbers, text, sizeof text) == VERDICT_OK) return VERDICT_FAILED;
    size_t held = strlen(reason);
    if (held < size) snprintf(reason + held, size - held, "; %s", text);
    return VERDICT_NOISY;
}
