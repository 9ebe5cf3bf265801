/*
 * table: states x inputs, total. The one place that says what may happen to a message (design: "The life of a message").
 *
 * A letter is the state that follows; '.' means recorded, no change; '!' means that this internal input is illegal here, and whoever
 * gave it has a defect. Inputs from outside have no '!'.
 *
 *   P planned  Q queued  S sending  A accepted  U unknown  N unconfirmed
 *   D delivered  F undelivered  R rejected  X suppressed  C cancelled  L lapsed
 */
#include <string.h>
#include "zhanchi/message.h"

static const char letters[MSG_STATES + 1] = "?PQSAUNDFRXCL";

/* clang-format off */
static const char *const table[MSG_INPUTS] = {
    /*                        PQSAUNDFRXCL */
    [IN_RELEASE] =           "Q!!!!!!!!!!!",
    [IN_CLAIM] =             "!S!!!!!!!!!!",
    [IN_UNCLAIM] =           "!!Q......!!!", /* an early receipt may have moved it */
    [IN_SUPPRESS] =          "XX!!!!!!!!!!",
    [IN_CANCEL] =            "CC!!!!!!!!!!",
    [IN_LAPSE] =             "LL!!!!!!!!!!",
    [IN_RECEIPT_TIMEOUT] =   "!!!N!!!!!!!!",
    [IN_RECOVER_HANDED] =    "!!U!!!!!!!!!",
    [IN_RECOVER_CLEAN] =     "!!Q!!!!!!!!!",
    [IN_DOUBT] =             "UUU!!!!!!!!!", /* planned: the other timeline may have released it */
    [IN_RESEND] =            "!!!!Q!!!!!!!",
    [IN_DROP] =              "!!!!C!!!!!!!",
    [IN_ANSWER_ACCEPTED] =   "..A.A.......",
    [IN_ANSWER_REFUSED] =    "..R.R.......",
    [IN_ANSWER_RETRY] =      "..Q.........",
    [IN_ANSWER_UNKNOWN] =    "..U.........",
    [IN_RECEIPT_DELIVERED] = ".DDDDD.DD.D.",
    [IN_RECEIPT_UNDELIVERED] = ".FFFFF......",
    [IN_RECEIPT_PENDING] =   "..A.A.......",
    [IN_QUERY_ACCEPTED] =    "....A.......",
    [IN_QUERY_REJECTED] =    "....R.......",
};
/* clang-format on */

struct msg_step message_step(enum msg_state s, enum msg_input in)
{
    struct msg_step step = {.effect = MSG_KEEP, .next = s};

    if (s < MSG_PLANNED || s > MSG_LAPSED || in >= MSG_INPUTS)
        panic("message_step: state %d, input %d", (int)s, (int)in);
    char c = table[in][s - 1];
    if (c == '!') {
        step.effect = MSG_ILLEGAL;
    } else if (c != '.') {
        step.effect = MSG_MOVE;
        step.next = (enum msg_state)(strchr(letters + 1, c) - letters);
    }
    return step;
}

bool message_final(enum msg_state s)
{
    return s >= MSG_DELIVERED;
}

bool message_from_outside(enum msg_input in)
{
    return in >= IN_ANSWER_ACCEPTED;
}
