/* Bad input: masses that are negative, over 64 bits or more than can be, in every mass field of the
 * honest event of every row (scenario.h). CUSTODY-1 to 25; proto/README.md, section 3. */
#include <inttypes.h>
#include <stdio.h>

#include "plugin/custody/table.h"
#include "scenario_list.h"

/* The mass fields of an event, in the order of its message; the one whose turn it is. */
static struct {
	size_t at, turn;
	const char *name; /* NULL: there are no more */
	int64_t *g;
} mass;

static bool is_mass(const ProtobufCFieldDescriptor *f)
{
	const size_t len = strlen(f->name);

	return f->type == PROTOBUF_C_TYPE_INT64 && f->label != PROTOBUF_C_LABEL_REPEATED &&
	       len > 2 && strcmp(f->name + len - 2, "_g") == 0;
}

static void find_mass(ProtobufCMessage *m);

static void find_mass_below(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	uint8_t *at = (uint8_t *)m + f->offset;
	const uint8_t *quantifier = (uint8_t *)m + f->quantifier_offset;

	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		for (size_t i = 0; i < *(const size_t *)(const void *)quantifier; i++)
			find_mass((*(ProtobufCMessage ***)(void *)at)[i]);
		return;
	}
	if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
	    *(const uint32_t *)(const void *)quantifier == f->id)
		find_mass(*(ProtobufCMessage **)(void *)at);
}

static void find_mass(ProtobufCMessage *m)
{
	for (unsigned i = 0; m != NULL && i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];

		if (f->type == PROTOBUF_C_TYPE_MESSAGE)
			find_mass_below(m, f);
		else if (is_mass(f) && mass.at++ == mass.turn) {
			mass.name = f->name;
			mass.g = (int64_t *)(void *)((uint8_t *)m + f->offset);
		}
	}
}

static void must_be_malformed(struct mx *x, const Liandan__Event *e, int64_t g)
{
	uint8_t *bytes;
	size_t n;
	struct ld_gate_fault fault = {0};

	*mass.g = g;
	n = liandan__event__get_packed_size(e);
	bytes = ld_arena_alloc(&x->build, n);
	assert_non_null(bytes);
	liandan__event__pack(e, bytes);
	if (ld_gate_check(&liandan__event__descriptor, bytes, n, &fault) == LD_OK)
		fail_msg("%s of %" PRId64 " g comes in", mass.name, g);
	assert_string_equal(fault.what, "number is negative or above 2^53 - 1");
}

static bool twist_mass(struct mx *x, Liandan__Event *e)
{
	mass.at = 0;
	mass.name = NULL;
	if (e->body_case != playing->body)
		return false;
	find_mass(&e->base);
	if (mass.name == NULL)
		return false;
	must_be_malformed(x, e, -1);
	must_be_malformed(x, e, INT64_MIN);
	must_be_malformed(x, e, INT64_MAX);
	must_be_malformed(x, e, INT64_C(1) << 53);
	*mass.g = LD_MAX_MASS_G + 1;
	return true;
}

/* The story up to the event with that mass. False: it has no such field, all was told. */
static bool play_twisted(struct mx *x)
{
	x->twist = twist_mass;
	if (setjmp(x->twisted) != 0)
		return true;
	playing->play(x);
	return false;
}

/* Of a scale's interval the registry's counts, or the usual one if that is smaller: weigh.h. */
#define NOT_ASKED "e_g"

static void must_be_noticed(const struct mx *x)
{
	if (x->j.verdict == LIANDAN__VERDICT__ACCEPTED && x->j.n_violations == 0 &&
	    strcmp(mass.name, NOT_ASKED) != 0)
		fail_msg("%s beyond the limit is accepted", mass.name);
	assert_int_not_equal(x->j.verdict, LIANDAN__VERDICT__HELD);
}

/* Whichever mass of it is negative or beyond what sums can hold does not come in; one that comes in
 * and is more than can be is refused, or recorded. */
static void play_masses(void **state)
{
	bool more = true;

	for (mass.turn = 0; more; mass.turn++) {
		void *world;

		if (mass.turn == 0)
			world = *state;
		else
			assert_int_equal(mx_open(&world), 0);
		more = play_twisted(world);
		if (more)
			must_be_noticed(world);
		if (mass.turn != 0)
			mx_close(&world);
	}
}

int main(void)
{
	static struct CMUnitTest tests[MAX_SCENARIOS];
	size_t n = 0;

	for (size_t i = 0; i < n_scenarios; i++)
		if (scenarios[i]->kind == SCENARIO_HONEST)
			tests[n++] = (struct CMUnitTest){scenarios[i]->name, play_masses, set_up,
							 mx_close, (void *)(uintptr_t)scenarios[i]};
	return _cmocka_run_group_tests("masses", tests, n, NULL, NULL);
}
