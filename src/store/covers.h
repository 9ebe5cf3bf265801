/*
 * covers: whether response p is about the certificate of row r of a list: the same one or an
 * unnamed one, since its issue day. One rule for who is left out of a wave (sqlite_candidates.c),
 * for what a response suppresses (sqlite_people.c), and for what is not released (sqlite_queue.c).
 * What is unknown on either side covers: in doubt nothing is sent.
 */
#ifndef STORE_COVERS_H
#define STORE_COVERS_H

#define RESPONSE_COVERS_ROW                                                                        \
    "p.person_id = r.person_id AND (r.issued_day IS NULL OR p.day >= r.issued_day)"                \
    " AND (p.occupation = x'' OR r.occupation IS NULL OR p.occupation = r.occupation)"             \
    " AND (p.level = 0 OR r.level = 0 OR p.level = r.level)"

#endif
