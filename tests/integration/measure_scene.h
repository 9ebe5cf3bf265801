/*
 * measure_scene: a list imported from a file, and a campaign over it with a holdout, frozen and (with scene_send) sent and reported on.
 *
 * Person i has an id number with sequence 000 and a birthday in 1901, and the number 1380000 and i in four digits. Every fourth person is held out, the last
 * twelve are not randomised.
 */
#ifndef TESTS_MEASURE_SCENE_H
#define TESTS_MEASURE_SCENE_H

#include "../contract/contract.h"
#include "zhanchi/message.h"
#include "zhanchi/store_campaign.h"

#define N 400
#define ALWAYS_FROM 388
#define HELD_OUT 97
#define START CONTRACT_NOW /* 2023-11-15 in China */

struct scene {
    struct contract *c;
    struct campaign_info campaign;
    int64_t list_id, wave_id, gateway_id, message[N];
};

struct scene *scene_begin(void);
void scene_end(struct scene *s);
/* Everybody who is not held out is claimed, answered by answer_of, and what was accepted is delivered. */
void scene_send(struct scene *s);

void id_of(size_t i, char out[19]);
enum member_arm arm_of(size_t i);
enum msg_input answer_of(size_t i);
void scene_file(struct scene *s, const char *name, const char *text, char path[CONTRACT_PATH]);
int64_t scene_list(struct scene *s, const char *name, const char *text);

#endif
