/* The life of custom audiences: uploads wait for the next matching run, then change the audience's
 * size and whether it can be targeted (reference 7.2). Time is sandbox_life_s, which tests and demos
 * move on with POST /__sandbox/clock. */
#ifndef RETICLE_SANDBOX_LIFE_H
#define RETICLE_SANDBOX_LIFE_H

#include <stdbool.h>
#include <stdint.h>
#include "sandbox/call.h"

#define LIFE_RUN_S (7 * 3600) /* "every 6 to 8 hours" */
#define LIFE_MATCH_PERCENT 60 /* of the people uploaded are found; made up */
#define LIFE_TARGETABLE_MIN 100 /* matched people, active within 90 days */

/* Apply every upload that is due. Runs before each call, outside its transaction. */
void life_process(struct call *c);
/* The next run will look at this audience; unnamed people come without keys (seeds). */
void life_expect(struct call *c, const char *audience, int64_t unnamed);
/* users is a JSON array of objects of key lists; expires_s 0: never. */
void life_upload(struct call *c, const char *audience, const struct json *users, bool removes,
    int64_t expires_s);

#endif
