/* Writes a ledger with something of everything in it and says where it stands: what other builds
 * replay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/trade_story.h"

static void must(struct trade *t, struct signer *by, Liandan__Event *e)
{
	if (world_send(t->world, by, e) != LIANDAN__VERDICT__ACCEPTED) {
		fprintf(stderr, "not accepted: %s\n", t->world->out.detail);
		abort();
	}
	memcpy(t->hash, t->world->last_hash, sizeof t->hash);
}

/* A truck that leaves the road for an hour: a gap, an anomaly, and tracks in quantity. */
static void drive(struct world *w, struct trade *t)
{
	const int64_t t0 = ld_region_now(w->region) - 6 * LD_HOUR_MS;

	for (int i = 0; i < 200; i++) {
		const int64_t silent = i >= 100 ? LD_HOUR_MS : 0;

		world_send(w, &t->t1,
			   trade_fix(t, "T1", "T1", t0 + silent + i * INT64_C(30000),
				     31.0 + 0.001 * i, 121.0));
	}
}

/* What does not go the straight way. */
static void detours(struct trade *t)
{
	struct signer depot;

	trade_story_found(t, &depot);
	trade_tell_storage(t, &depot);
	trade_tell_pipeline(t);
	trade_tell_redirections(t);
	trade_tell_milk_run(t);
	trade_tell_amendments(t);
	signer_free(&depot);
}

int main(void)
{
	static struct world w;
	static struct trade t;

	world_new(&w);
	trade_found(&t, &w);
	t.must = must;
	for (int i = 0; i < 40; i++) {
		trade_begin(&t);
		if (i % 4 == 0)
			trade_to_taken(&t);
		else if (i % 4 == 1)
			trade_to_arrived(&t);
		else if (i % 4 == 2)
			trade_to_sealed(&t);
		else
			trade_to_offered(&t);
		/* refused, held and flagged ones too: whatever the verdict, replay must come to the
		 * same */
		world_send(&w, &t.pit, trade_accepted(&t));
		world_send(&w, &t.d2, trade_arrived(&t, "T2"));
		world_send(&w, &t.scale, trade_weighed(&t, "scale", 17000000 + i));
		world_send(&w, &t.office, trade_cancelled(&t));
	}
	detours(&t);
	trade_begin(&t);
	drive(&w, &t);
	ld_region_close(w.region);
	printf("%s\n", w.dir);
	return 0;
}
