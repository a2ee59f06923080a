/* What each may read, subscribe to and publish (PROTOCOL: Topics). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "plugin/custody/access.h"
#include "tests/unit/registry_fixture.h"

#define W "waste/v1/r1/"

/* ---- reading ---- */

/* Bits: who may. */
enum { REG = 1, OPR = 2, GEN = 4, CAR = 8, REC = 16, STR = 32, ALL = 63, REGS = REG | OPR };
static const struct ld_identity who[] = {
    {.party = "eeb", .device = "d", .roles = LIANDAN__ROLE__ROLE_REGULATOR, .regulator = true},
    {.party = "eeb", .device = "op", .roles = LIANDAN__ROLE__ROLE_ADMIN, .regulator = true},
    {.party = "gen", .device = "d", .roles = LIANDAN__ROLE__ROLE_GENERATOR},
    {.party = "car", .device = "d", .roles = LIANDAN__ROLE__ROLE_CARRIER},
    {.party = "rec", .device = "d", .roles = LIANDAN__ROLE__ROLE_RECEIVER},
    /* an administrator of nobody's business here */
    {.party = "str", .device = "d", .roles = LIANDAN__ROLE__ROLE_ADMIN},
};
#define N_WHO (sizeof who / sizeof who[0])

struct expect {
	const char *text;
	unsigned mask;
};

typedef bool (*may_fn)(struct ld_custody *c, const struct ld_identity *id, const char *text);

static void check_masks(struct fx *x, const char *what, may_fn may, const struct expect *e,
			size_t n)
{
	size_t used = x->arena.used;

	for (size_t i = 0; i < n; i++) {
		unsigned mask = 0;

		for (size_t k = 0; k < N_WHO; k++)
			if (may(&x->c, &who[k], e[i].text))
				mask |= 1u << k;
		if (mask != e[i].mask)
			fail_msg("%s %s: %#x, not %#x", what, e[i].text, mask, e[i].mask);
	}
	assert_int_equal(x->arena.used, used);
}
#define CHECK(x, may, table) check_masks(x, #may, may, table, sizeof(table) / sizeof((table)[0]))

static void test_read_branches(void **state)
{
	static const struct expect table[] = {
	    {W "i/gen/d", 0},
	    {W "o/gen/d", REGS | GEN},
	    {W "o/gen/other", REGS | GEN},
	    {W "o/car/gen", REGS | CAR},
	    {W "o/gen", 0},
	    {W "o/gen/d/x", 0},
	    {W "r/gen/d", GEN},
	    {W "r/gen/other", 0},
	    {W "r/eeb/d", REG},
	    {W "r/eeb/op", OPR},
	    {W "r/gen/d/x", 0},
	    {W "q/gen/d/1", GEN},
	    {W "q/gen/d/a/b/c", GEN},
	    {W "q/gen/d", 0},
	    {W "q/gen/other/1", 0},
	    {W "q/eeb/d/1", REG},
	    {W "refused/WRONG_ROLE/gen/d", REGS},
	    {W "refused/gen/d", 0},
	    {W "anomaly/3/UNEXPLAINED_GAP/A1", REGS},
	    {W "anomaly/3", 0},
	    {W "open/17", REGS},
	    {W "rating/gen", REGS | GEN},
	    {W "rating/gen/x", 0},
	    {W "precision", REGS},
	    {W "precision/x", 0},
	    {W "checkpoint", ALL},
	    {W "checkpoint/x", 0},
	    {W "query/may", 0},
	    {W "unknown/x", 0},
	    {W "vehicle/A9", REGS},
	    {W "manifest/00112233445566778899aabbccddeeff", REGS},
	    {"waste/v1/r2/checkpoint", 0},
	    {"waste/v2/r1/checkpoint", 0},
	    {"Waste/v1/r1/checkpoint", 0},
	    {"waste/v1/r1", 0},
	    {"waste/v1/r1/", 0},
	    {"waste/v1", 0},
	    {"/" W "checkpoint", 0},
	    {W "/checkpoint", 0},
	    {W "checkpoint/", 0},
	    {W "o//gen", 0},
	    {W "o/gen/", 0},
	    {W "o/+/d", 0},
	    {W "o/gen/#", 0},
	    {W "#", 0},
	    {"#", 0},
	    {"", 0},
	    {"/", 0},
	    {"$", 0},
	    {"$SYS", OPR}, /* nothing is published there */
	    {"$SYS/broker/clients/total", OPR},
	    {"$SYS/broker/liandan/x", REGS},
	    {"$SYS/broker/liandan/x/y", REGS},
	    {"$SYS/broker/liandanX/x", OPR},
	    {"$SYSX/broker/liandan/x", 0},
	    {"$CONTROL/dynamic-security/v1", 0},
	    {"$share/eeb/" W "checkpoint", 0},
	};

	CHECK((struct fx *)*state, ld_may_read, table);
}

static const uint8_t M1[LD_UUID_BYTES] = {0x01, 0x8c, 3,  4,  5,  6,  7,  8,
					  9,	10,   11, 12, 13, 14, 15, 0xab};
#define M1_HEX "018c030405060708090a0b0c0d0e0fab"

struct consignment {
	Custody__Manifest m;
	Liandan__ManifestCreated created;
	Liandan__Receiver receiver;
	Liandan__Carrier carrier[3];
	Liandan__Carrier *carriers[3];
	Custody__Offer offer;
};

static void consign(struct consignment *k)
{
	custody__manifest__init(&k->m);
	liandan__manifest_created__init(&k->created);
	liandan__receiver__init(&k->receiver);
	custody__offer__init(&k->offer);
	k->m.manifest = (ProtobufCBinaryData){sizeof M1, (uint8_t *)(uintptr_t)M1};
	k->m.created = &k->created;
	k->created.manifest = k->m.manifest;
	k->created.receiver = &k->receiver;
	k->created.carriers = k->carriers;
	for (size_t i = 0; i < 3; i++) {
		liandan__carrier__init(&k->carrier[i]);
		k->carriers[i] = &k->carrier[i];
	}
}

static void test_read_manifest(void **state)
{
	static const struct expect parties[] = {
	    {W "manifest/" M1_HEX, REGS | GEN | CAR | REC},
	    {W "manifest/" M1_HEX "0", REGS},
	    {W "manifest/018c", REGS},
	    {W "manifest/018C030405060708090A0B0C0D0E0FAB", REGS | GEN | CAR | REC},
	    {W "manifest/018c0304-0506-0708-090a-0b0c0d0e0fab", REGS},
	};
	static const struct expect offered[] = {
	    {W "manifest/" M1_HEX, REGS | GEN | CAR | REC | STR}};
	static const struct expect only_reg[] = {{W "manifest/" M1_HEX, REGS}};
	struct fx *x = *state;
	struct consignment k;

	consign(&k);
	k.created.generator = "gen";
	k.receiver.party = "rec";
	k.created.n_carriers = 3;
	k.carrier[0].party = "first";
	k.carrier[1].party = "car";
	k.carrier[2].party = "last";
	assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
	CHECK(x, ld_may_read, parties);
	/* an offer shows it to whom it is made, while it stands */
	k.offer.to_party = "str";
	k.m.offer = &k.offer;
	assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
	CHECK(x, ld_may_read, offered);
	k.offer.closed = true;
	assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
	CHECK(x, ld_may_read, parties);
	/* the holder, whether named before or not */
	k.m.holder = "str";
	assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
	CHECK(x, ld_may_read, offered);

	/* the delegate that filled it in */
	k.m.holder = "";
	k.m.filled_by = "str";
	assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
	CHECK(x, ld_may_read, offered);

	/* names that begin alike, names elsewhere in the record */
	consign(&k);
	k.created.generator = "ge";
	k.created.site = "gen";
	k.receiver.party = "recx";
	k.receiver.site = "rec";
	k.receiver.licence = "car";
	k.created.plan = "gen";
	k.m.plate = "str";
	k.m.driver = "gen";
	assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
	CHECK(x, ld_may_read, only_reg);
}

/* What the bytes say and what the decoded record says is the same. */
static void test_manifest_both_ways(void **state)
{
	static char *const names[] = {"", "gen", "car", "rec", "str", "other", "ge", "gene"};
	struct fx *x = *state;
	struct consignment k;
	uint32_t seed = 1;

	for (int round = 0; round < 3000; round++) {
		Custody__Manifest *m;
		char *pick[6];

		for (size_t i = 0; i < 6; i++) {
			seed = seed * 1664525u + 1013904223u;
			pick[i] = names[(seed >> 16) % 8];
		}
		seed = seed * 1664525u + 1013904223u;
		consign(&k);
		k.created.generator = pick[0];
		k.receiver.party = pick[1];
		k.created.n_carriers = (seed >> 8) % 4;
		for (size_t i = 0; i < 3; i++)
			k.carrier[i].party = pick[2 + (i + (seed >> 24)) % 3];
		k.offer.to_party = pick[5];
		k.offer.expires_ms = (int64_t)seed << 20;
		k.offer.closed = (seed >> 17) & 1;
		k.m.offer = (seed >> 18) & 1 ? &k.offer : NULL;
		k.m.holder = pick[(seed >> 19) % 6];
		k.m.created_ms = -(int64_t)seed;
		if (((seed >> 21) & 15) == 0)
			k.m.created = NULL;
		ld_arena_reset(&x->arena);
		assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
		assert_int_equal(ld_manifest_get(&x->c, k.m.manifest, &m), LD_OK);
		for (size_t i = 0; i < N_WHO; i++)
			assert_int_equal(ld_may_see_manifest(&x->c, &who[i], m),
					 ld_may_read(&x->c, &who[i], W "manifest/" M1_HEX));
	}
}

/* The numbers that access.c looks for in stored records are those of the .proto files. */
static void test_field_numbers(void **state)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *field;
		uint32_t number;
	} fields[] = {
	    {&custody__manifest__descriptor, "created", 5},
	    {&custody__manifest__descriptor, "offer", 9},
	    {&custody__manifest__descriptor, "holder", 11},
	    {&custody__manifest__descriptor, "filled_by", 74},
	    {&custody__manifest__descriptor, "signed_by", 81},
	    {&custody__signed_by__descriptor, "party", 1},
	    {&liandan__manifest_created__descriptor, "generator", 5},
	    {&liandan__manifest_created__descriptor, "receiver", 7},
	    {&liandan__manifest_created__descriptor, "carriers", 8},
	    {&liandan__receiver__descriptor, "party", 1},
	    {&liandan__carrier__descriptor, "party", 2},
	    {&custody__offer__descriptor, "to_party", 5},
	    {&custody__offer__descriptor, "closed", 10},
	    {&custody__vehicle__descriptor, "registered", 1},
	    {&liandan__vehicle_registered__descriptor, "party", 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(
		    fields[i].type, fields[i].field);

		assert_non_null(f);
		assert_int_equal(f->id, fields[i].number);
	}
}

static void test_read_vehicle(void **state)
{
	static const struct expect empty[] = {{W "vehicle/沪A1", REGS | CAR},
					      {W "vehicle/沪A", REGS}};
	static const struct expect loaded[] = {{W "vehicle/沪A1", REGS | GEN | CAR | REC},
					       {W "vehicle/沪A12", REGS | STR}};
	struct fx *x = *state;
	struct consignment k;
	struct ld_tkey key;

	assert_int_equal(fx_party(x, "car", ROLE(CARRIER)), OK);
	assert_int_equal(fx_party(x, "str", ROLE(CARRIER)), OK);
	assert_int_equal(fx_vehicle(x, x->authority, "沪A1", "car"), OK);
	assert_int_equal(fx_vehicle(x, x->authority, "沪A12", "str"), OK);
	CHECK(x, ld_may_read, empty);
	consign(&k);
	k.created.generator = "gen";
	k.receiver.party = "rec";
	assert_int_equal(ld_manifest_put(&x->c, &k.m), LD_OK);
	ld_tkey_init(&key);
	ld_tkey_str(&key, "沪A1");
	ld_tkey_bytes(&key, M1, sizeof M1);
	assert_int_equal(ld_state_put(x->state, LD_T_LOAD, key.b, key.len, "", 0), LD_OK);
	CHECK(x, ld_may_read, loaded);
	assert_true(ld_may_see_vehicle(&x->c, &who[2], "沪A1"));
	assert_false(ld_may_see_vehicle(&x->c, &who[5], "沪A1"));
	assert_false(ld_may_see_vehicle(&x->c, &who[3], ""));
}

/* ---- subscribing and publishing ---- */

static void test_subscribe(void **state)
{
	static const struct expect table[] = {
	    {W "#", REGS},
	    {W "+", REGS},
	    {W "+/gen/d", REGS},
	    {W "+/#", REGS},
	    {W "i/#", 0},
	    {W "i/gen/d", 0},
	    {W "query/#", 0},
	    {W "o/#", REGS},
	    {W "o/+/+", REGS},
	    {W "o/gen/#", REGS | GEN},
	    {W "o/gen/+", REGS | GEN},
	    {W "o/gen/d", REGS | GEN},
	    {W "o/+/d", REGS},
	    {W "o/gen/d/#", REGS | GEN},
	    {W "o/gen/d/x", 0},
	    {W "o/gen/d/x/#", 0},
	    {W "o/gen", 0},
	    {W "o", 0},
	    {W "r/gen/d", GEN},
	    {W "r/gen/#", 0},
	    {W "r/gen/+", 0},
	    {W "r/+/d", 0},
	    {W "r/#", 0},
	    {W "r/eeb/d", REG},
	    {W "q/gen/d/#", GEN},
	    {W "q/gen/d/+", GEN},
	    {W "q/gen/d/a/b", GEN},
	    {W "q/gen/+/x", 0},
	    {W "q/gen/d", 0},
	    {W "q/#", 0},
	    {W "manifest/#", ALL}, /* which ones is checked on delivery */
	    {W "manifest/+", ALL},
	    {W "manifest/" M1_HEX, ALL},
	    {W "manifest/+/x", 0},
	    {W "vehicle/+", ALL},
	    {W "vehicle/沪A1", ALL},
	    {W "anomaly/#", REGS},
	    {W "anomaly/4/+/+", REGS},
	    {W "anomaly/4/#", REGS},
	    {W "anomaly/4/+/+/#", REGS},
	    {W "anomaly/4/+/+/+", 0},
	    {W "refused/#", REGS},
	    {W "open/#", REGS},
	    {W "rating/+", REGS},
	    {W "rating/gen", REGS | GEN},
	    {W "rating/#", REGS},
	    {W "checkpoint", ALL},
	    {W "checkpoint/#", ALL},
	    {W "checkpoint/+", 0},
	    {W "nonsense/#", 0},
	    {"waste/v1/r2/checkpoint", 0},
	    {"waste/v1/+/checkpoint", 0},
	    {"waste/#", 0},
	    {"waste/v1/#", 0},
	    {"waste/+/r1/checkpoint", 0},
	    {"+/v1/r1/checkpoint", 0},
	    {"#", 0},
	    {"+", 0},
	    {"+/+/+/+", 0},
	    {"", 0},
	    {"/", 0},
	    {"//", 0},
	    {W, 0},
	    {W "o/gen/", 0},
	    {W "o//d", 0},
	    {W "o/#/d", 0},
	    {W "o/gen#", 0},
	    {W "o/ge+", 0},
	    {W "##", 0},
	    {W "checkpoint#", 0},
	    {W "checkpoint\n", 0},
	    {"$SYS/broker/liandan/#", REGS},
	    {"$SYS/broker/liandan/+", REGS},
	    {"$SYS/broker/#", OPR},
	    {"$SYS/#", OPR},
	    {"$SYS/+/liandan/#", OPR},
	    {"$SYS", OPR},
	    {"$CONTROL/#", 0},
	    {"$SYS/broker/liandan/#/x", 0},
	};

	CHECK((struct fx *)*state, ld_may_subscribe, table);
}

static void test_share(void **state)
{
	static const struct expect table[] = {
	    {"$share/eeb/" W "anomaly/#", REGS},
	    {"$share/eeb-night/" W "anomaly/#", REGS},
	    {"$share/eeb:1/" W "#", REGS},
	    {"$share/eeb.1/" W "o/+/+", REGS},
	    {"$share/eeb_1/" W "checkpoint", REGS},
	    {"$share/eebnight/" W "anomaly/#", 0},
	    {"$share/gen/" W "o/gen/#", 0}, /* for regulators only */
	    {"$share/other/" W "anomaly/#", 0},
	    {"$share/ee/" W "anomaly/#", 0},
	    {"$share/eeb-east/" W "anomaly/#", 0}, /* that is another bureau's */
	    {"$share/eeb-east-1/" W "anomaly/#", 0},
	    {"$share/eeb-eastern/" W "anomaly/#", REGS},
	    {"$share/eeb/" W "i/#", 0},
	    {"$share/eeb/" W "r/gen/d", 0},
	    {"$share/eeb", 0},
	    {"$share/eeb/", 0},
	    {"$share//" W "#", 0},
	    {"$share/+/" W "#", 0},
	    {"$share/#", 0},
	    {"$share", 0},
	    {"$share/eeb/$SYS/broker/liandan/#", 0},
	    {"$share/eeb/$share/eeb/" W "#", 0},
	    {"$share/eeb/#", 0},
	    {"$SHARE/eeb/" W "#", 0},
	    {"$queue/" W "#", 0},
	};
	struct fx *x = *state;

	assert_int_equal(fx_party(x, "eeb", ROLE(REGULATOR)), OK);
	assert_int_equal(fx_party(x, "eeb-east", ROLE(REGULATOR)), OK);
	CHECK(x, ld_may_subscribe, table);
}

static bool may_publish(struct ld_custody *c, const struct ld_identity *id, const char *topic)
{
	assert_false(ld_may_publish(c, id, topic, true)); /* nobody retains */
	return ld_may_publish(c, id, topic, false);
}

static void test_publish(void **state)
{
	static const struct expect table[] = {
	    {W "i/gen/d", ALL}, /* a wrong topic gets an answer */
	    {W "i/somebody/else", ALL},
	    {W "i/沪公司/d", ALL},
	    {W "i/gen", 0},
	    {W "i/gen/d/x", 0},
	    {W "i/gen/", 0},
	    {W "i//d", 0},
	    {W "i/$SYS/d", 0},
	    {W "i/gen/$d", 0},
	    {W "i/gen/d\x01", 0},
	    {W "i/gen/d\x7f", 0},
	    {W "i/+/d", 0},
	    {W "i/gen/#", 0},
	    {"waste/v1/r2/i/gen/d", 0},
	    {"waste/v1/r1x/i/gen/d", 0},
	    {W "query/may", ALL},
	    {W "query/may/x", 0},
	    {W "query", 0},
	    {W "query/", 0},
	    {W "o/gen/d", 0},
	    {W "r/gen/d", 0},
	    {W "q/gen/d/x", 0},
	    {W "manifest/" M1_HEX, 0},
	    {W "checkpoint", 0},
	    {W "anomaly/4/OVERDUE/A1", 0},
	    {"$SYS/broker/liandan/x", 0},
	    {"$CONTROL/dynamic-security/v1", 0},
	    {"$share/eeb/" W "i/gen/d", 0},
	    {"$" W "i/gen/d", 0},
	    {"", 0},
	    {"i/gen/d", 0},
	};

	CHECK((struct fx *)*state, may_publish, table);
}

static void test_lengths(void **state)
{
	struct fx *x = *state;
	char topic[LD_MAX_TOPIC_BYTES + 64];
	int n;

	/* ids of limit and limit + 1 */
	for (int len = LD_MAX_ID_BYTES; len <= LD_MAX_ID_BYTES + 1; len++) {
		n = snprintf(topic, sizeof topic, W "i/gen/%0*d", len, 7);
		assert_true(n > 0);
		assert_int_equal(ld_may_publish(&x->c, &who[2], topic, false),
				 len == LD_MAX_ID_BYTES);
		n = snprintf(topic, sizeof topic, W "vehicle/%0*d", len, 7);
		assert_true(n > 0);
		assert_false(ld_may_read(&x->c, &who[2], topic));
	}
	/* topics of limit and limit + 1 */
	for (int len = LD_MAX_TOPIC_BYTES; len <= LD_MAX_TOPIC_BYTES + 1; len++) {
		n = snprintf(topic, sizeof topic, W "q/gen/d/");
		n = snprintf(topic, sizeof topic, W "q/gen/d/%0*d", len - n, 7);
		assert_int_equal(n, len);
		assert_int_equal(ld_may_read(&x->c, &who[2], topic), len == LD_MAX_TOPIC_BYTES);
		assert_int_equal(ld_may_subscribe(&x->c, &who[2], topic),
				 len == LD_MAX_TOPIC_BYTES);
	}
	/* many levels */
	n = snprintf(topic, sizeof topic, W "q/gen/d");
	for (int levels = 6; levels < 40; levels++) {
		assert_int_equal(ld_may_read(&x->c, &who[2], topic), levels > 6 && levels <= 16);
		topic[n++] = '/';
		topic[n++] = 'x';
		topic[n] = '\0';
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fx_open, fx_close)
	const struct CMUnitTest tests[] = {
	    TEST(test_read_branches), TEST(test_read_manifest), TEST(test_manifest_both_ways),
	    TEST(test_field_numbers), TEST(test_read_vehicle),	TEST(test_subscribe),
	    TEST(test_share),	      TEST(test_publish),	TEST(test_lengths),
	};

	if (ld_gate_init() != LD_OK)
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	ld_gate_cleanup();
	return rc;
}
