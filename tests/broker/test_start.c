/* What keeps the broker from starting, and what happens when the ledger cannot write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/broker/harness.h"

/* The broker ends with an error, and its log says why. */
static void fails_with(struct harness *h, const char *options, const char *says)
{
	char *log;

	snprintf(h->options, sizeof h->options, "%s\n", options);
	assert_int_not_equal(harness_start_fails(h, &log), 0);
	if (!strstr(log, says))
		fail_msg("'%s' is not in: %s", says, log);
	free(log);
}

static void bad_options(void **state)
{
	struct harness h;

	(void)state;
	harness_new(&h);
	fails_with(&h, "plugin_opt_ledgerdir /x", "plugin_opt_ledgerdir is not known");
	fails_with(&h, "plugin_opt_commit_interval_ms 0", "a whole number from 1 to 1000");
	fails_with(&h, "plugin_opt_region elsewhere", "is of region 'testing'");
	fails_with(&h, "plugin_opt_ledger_key /nowhere/key", "/nowhere/key");
	fails_with(&h, "plugin_opt_ledger_dir /x", "twice");
	harness_free(&h);
}

static void no_ledger(void **state)
{
	char moved[96];
	struct harness h;

	(void)state;
	harness_new(&h);
	ld_region_close(h.world.region);
	h.world.region = NULL;
	snprintf(moved, sizeof moved, "%s/core", h.world.dir);
	char away[112];
	snprintf(away, sizeof away, "%s.away", moved);
	assert_int_equal(rename(moved, away), 0);
	fails_with(&h, "", "not started");
	assert_int_equal(rename(away, moved), 0);
	harness_start(&h); /* and with it, it does */
	harness_free(&h);
}

/* Two brokers on one ledger: the second names the holder of the lock. */
static void one_broker_at_a_time(void **state)
{
	char why[512] = "";
	struct ld_region *second = NULL;
	struct harness h;

	(void)state;
	harness_new(&h);
	harness_start(&h);
	assert_int_equal(ld_region_open(&h.world.opt, &second, why, sizeof why), LD_ERR_LOCKED);
	harness_free(&h);
}

#define MANY 2000 /* more than a map of 1 MiB takes */

static uint8_t *an_event(struct harness *h, int i, size_t *len)
{
	Liandan__PartyRegistered p = LIANDAN__PARTY_REGISTERED__INIT;
	Liandan__Event e = LIANDAN__EVENT__INIT;
	char name[40], note[LD_MAX_STRING_BYTES + 1];

	memset(note, 'n', sizeof note - 1);
	note[sizeof note - 1] = 0;
	snprintf(name, sizeof name, "party-%d", i);
	p.party = p.name = name;
	p.roles = LIANDAN__ROLE__ROLE_RECEIVER;
	e.note = note;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &p;
	return harness_seal(h, &h->world.authority, &e, NULL, 0, len);
}

/* A full map is a full disk: no receipt, or no PUBACK and the connection ends; what was receipted
 * stays, and the device's next attempt goes on where its chain stands. */
static void what_the_disk_refuses_comes_again(void **state)
{
	Liandan__Receipt *r = NULL;
	uint8_t *bytes = NULL;
	struct client *c;
	struct harness h;
	size_t len = 0;
	int i;

	(void)state;
	harness_new(&h);
	snprintf(h.options, sizeof h.options,
		 "plugin_opt_ledger_map_mib 1\nplugin_opt_commit_interval_ms "
		 "1\nplugin_opt_group_max 1\n");
	harness_start(&h);
	c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
	for (i = 0; i < MANY; i++) {
		bytes = an_event(&h, i, &len);
		if (client_publish(c, HARNESS_ROOT "i/epb/registrar", bytes, len, 1, false, NULL) <
		    0)
			break;
		struct message *m = client_take(c, HARNESS_ROOT "r/+/+", 1000);
		if (!m)
			break;
		message_free(m);
		free(bytes);
	}
	client_close(c, false);
	if (i == MANY) { /* the map grew in time: nothing was refused */
		harness_free(&h);
		skip();
	}
	for (int attempt = 0; attempt < 5 && !r; attempt++) {
		c = client_open(&h, &h.world.authority, MQTT_PROTOCOL_V5);
		r = harness_send_bytes(&h, c, &h.world.authority, bytes, len);
		client_close(c, true);
	}
	if (!r) {
		char *log = harness_log(&h);
		char *at = strstr(log, "cannot");
		fail_msg("no receipt: %.900s", at ? at - 20 : log);
	}
	assert_int_equal(r->verdict, LIANDAN__VERDICT__ACCEPTED);
	assert_false(r->duplicate);
	assert_int_equal(r->index, i + 1);
	liandan__receipt__free_unpacked(r, NULL);
	free(bytes);
	harness_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_options),
	    cmocka_unit_test(no_ledger),
	    cmocka_unit_test(one_broker_at_a_time),
	    cmocka_unit_test(what_the_disk_refuses_comes_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
