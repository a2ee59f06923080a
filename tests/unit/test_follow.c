/* What follows from events that waited: each draws its consequences before the next takes effect,
 * so that what is looked up is what the event itself has left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "tests/support/trade.h"

static void must(struct trade *t, struct signer *by, Liandan__Event *e)
{
	assert_int_equal(world_send(t->world, by, e), LIANDAN__VERDICT__ACCEPTED);
	memcpy(t->hash, t->world->last_hash, sizeof t->hash);
}

struct rig {
	struct world world;
	struct trade trade;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof *r);

	assert_non_null(r);
	world_new(&r->world);
	trade_found(&r->trade, &r->world);
	r->trade.must = must;
	trade_begin(&r->trade);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	trade_free(&r->trade);
	world_free(&r->world);
	free(r);
	return 0;
}

static const struct world_anomaly *raised(const struct world *w, Liandan__AnomalyKind kind)
{
	for (size_t i = 0; i < w->n_anomalies && i < WORLD_ANOMALIES; i++)
		if (w->anomaly[i].kind == kind)
			return &w->anomaly[i];
	return NULL;
}

/* An accident and the arrival after it, both signed without a link, come before the taking: the
 * anomaly is of the manifest that had the accident. CUSTODY-24 */
static void an_accident_and_an_arrival_waited_together(void **state)
{
	struct rig *r = *state;
	struct trade *t = &r->trade;
	const struct world_anomaly *a;
	char hex[2 * LD_UUID_BYTES + 1];

	trade_to_offered(t);
	Liandan__Event *taken = trade_taken(t, 1, "T1", "p-d1");
	Liandan__AccidentReported *b =
	    TRADE_NEW(t, Liandan__AccidentReported, LIANDAN__ACCIDENT_REPORTED__INIT);
	ProtobufCBinaryData id = trade_bytes(t->id, sizeof t->id);
	b->manifests = &id;
	b->n_manifests = 1;
	b->plate = (char *)"T1";
	b->kind = LIANDAN__ACCIDENT_KIND__ACCIDENT_KIND_BREAKDOWN;
	Liandan__Event *accident = trade_event(t, LIANDAN__EVENT__BODY_ACCIDENT_REPORTED, b);
	assert_int_equal(world_send(&r->world, &t->d1, accident), LIANDAN__VERDICT__HELD);
	assert_int_equal(world_send(&r->world, &t->d1, trade_arrived(t, "T1")),
			 LIANDAN__VERDICT__HELD);
	must(t, &t->d1, taken);
	assert_int_equal(ld_region_flush(r->world.region), LD_OK);
	a = raised(&r->world, LIANDAN__ANOMALY_KIND__ACCIDENT);
	assert_non_null(a);
	ld_hex_encode(t->id, sizeof t->id, hex);
	assert_string_equal(a->subject, "T1");
	assert_string_equal(a->manifest, hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_accident_and_an_arrival_waited_together, setup,
					    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
