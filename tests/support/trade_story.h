/* What a manifest of trade.h's world may go through besides the straight way, told whole: a storage
 * on the way, stops, days of a pipeline, redirections, a milk run, amendments. For tests of what is
 * left when the ledger is replayed. Each tells of new manifests; nothing of before is at hand then.
 */
#ifndef LD_TESTS_TRADE_STORY_H
#define LD_TESTS_TRADE_STORY_H

#include "tests/support/trade.h"

/* What they need besides: a store "depot", two meters. Its clerk's key; signer_free it. */
void trade_story_found(struct trade *t, struct signer *depot);

Liandan__Event *trade_entered(struct trade *t);
Liandan__Event *trade_left(struct trade *t, const char *plate);

void trade_tell_storage(struct trade *t, struct signer *depot);
void trade_tell_pipeline(struct trade *t);
void trade_tell_redirections(struct trade *t);
void trade_tell_milk_run(struct trade *t);
void trade_tell_amendments(struct trade *t);

#endif
