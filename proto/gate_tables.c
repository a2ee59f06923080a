#include "proto/gate_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "liandan/event.pb-c.h"
#include "liandan/ledger.pb-c.h"
#include "proto/gate.h"
#include "proto/limits.h"

#define MAX_MESSAGES 160
#define MAX_ENUMS 64
#define MAX_FIELDS 254 /* of one message */
#define MAX_BITS 63    /* of one message, outside its oneof: a bit each in `seen` */
#define ONEOF_BIT 63   /* of all members of the oneof: which one was seen is known otherwise */

#define REQUIRED .required = true
#define ID .id = true
#define LAT .lat = true
#define LON .lon = true
#define SAME .same = true
#define PLUS_ONE .plus_one = true
#define EXACTLY(n) .min = (n), .max = (n)
#define UP_TO(n) .max = (n)
#define MANY(n) .max_count = (n)
#define AT_LEAST(n) .min_count = (n)

static const struct ld_gate_rule RULES[] = {
#define LD_FIELD(m, f, ...) {.message = #m, .field = #f, __VA_ARGS__},
#define LD_ONEOF(m, f) {.message = #m, .field = #f, .oneof = true},
#include "proto/fields.def"
#undef LD_FIELD
#undef LD_ONEOF
};
#define N_RULES (sizeof RULES / sizeof RULES[0])

static const struct ld_gate_rule NO_RULE;

struct enum_values {
	const ProtobufCEnumDescriptor *descriptor;
	uint64_t bits[2];
};

static struct tables {
	size_t n_messages;
	size_t n_enums;
	struct ld_gate_message messages[MAX_MESSAGES];
	struct enum_values enums[MAX_ENUMS];
} * tables;

static char init_fault[96];

static enum ld_err bad(const char *message, const char *field)
{
	(void)snprintf(init_fault, sizeof init_fault, "%s.%s", message, field);
	return LD_ERR_ARG;
}

const char *ld_gate_init_fault(void)
{
	return init_fault;
}

static const struct ld_gate_message *find(const struct tables *t,
					  const ProtobufCMessageDescriptor *type)
{
	for (size_t i = 0; i < t->n_messages; i++) {
		if (t->messages[i].descriptor == type)
			return &t->messages[i];
	}
	return NULL;
}

const struct ld_gate_message *ld_gate_find(const ProtobufCMessageDescriptor *type)
{
	return tables ? find(tables, type) : NULL;
}

/* Roots first, then what they name; a message is entered once. */
static enum ld_err collect(struct tables *t)
{
	const ProtobufCMessageDescriptor *const roots[] = {
	    &liandan__event__descriptor,   &liandan__envelope__descriptor,
	    &liandan__entry__descriptor,   &liandan__receipt__descriptor,
	    &liandan__token__descriptor,   &liandan__own_event__descriptor,
	    &liandan__refused__descriptor,
	};
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
		t->messages[t->n_messages++].descriptor = roots[i];
	for (size_t i = 0; i < t->n_messages; i++) {
		const ProtobufCMessageDescriptor *d = t->messages[i].descriptor;
		for (unsigned k = 0; k < d->n_fields; k++) {
			const ProtobufCFieldDescriptor *f = &d->fields[k];
			if (f->type != PROTOBUF_C_TYPE_MESSAGE || find(t, f->descriptor))
				continue;
			if (t->n_messages == MAX_MESSAGES)
				return LD_ERR_ARG;
			t->messages[t->n_messages++].descriptor = f->descriptor;
		}
	}
	return LD_OK;
}

static const struct ld_gate_rule *rule_of(const ProtobufCMessageDescriptor *d, const char *field,
					  bool oneof)
{
	for (size_t i = 0; i < N_RULES; i++) {
		if (RULES[i].oneof == oneof && strcmp(RULES[i].message, d->short_name) == 0 &&
		    strcmp(RULES[i].field, field) == 0)
			return &RULES[i];
	}
	return &NO_RULE;
}

static const uint64_t *enum_of(struct tables *t, const ProtobufCEnumDescriptor *d)
{
	for (size_t i = 0; i < t->n_enums; i++) {
		if (t->enums[i].descriptor == d)
			return t->enums[i].bits;
	}
	if (t->n_enums == MAX_ENUMS)
		return NULL;
	struct enum_values *e = &t->enums[t->n_enums++];
	e->descriptor = d;
	for (unsigned i = 0; i < d->n_values; i++) {
		const int value = d->values[i].value;
		if (value < 0 || value > 127)
			return NULL;
		e->bits[value / 64] |= UINT64_C(1) << (value % 64);
	}
	return e->bits;
}

/* Members of one oneof share the offset of its case. 1 + number of the group. */
static uint8_t oneof_of(const ProtobufCFieldDescriptor *f, unsigned groups[8], unsigned *n_groups)
{
	for (unsigned i = 0; i < *n_groups; i++) {
		if (groups[i] == f->quantifier_offset)
			return (uint8_t)(i + 1);
	}
	if (*n_groups == 8)
		return 0;
	groups[(*n_groups)++] = f->quantifier_offset;
	return (uint8_t)*n_groups;
}

static enum ld_err compile_type(struct tables *t, const ProtobufCFieldDescriptor *d,
				struct ld_gate_field *f)
{
	switch (d->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		f->sub = find(t, d->descriptor);
		f->wire = 2;
		return LD_OK;
	case PROTOBUF_C_TYPE_STRING:
		f->max_bytes = f->rule->id ? LD_MAX_ID_BYTES : LD_MAX_STRING_BYTES;
		if (f->rule->max)
			f->max_bytes = f->rule->max;
		f->wire = 2;
		return LD_OK;
	case PROTOBUF_C_TYPE_BYTES:
		f->max_bytes = f->rule->max;
		f->wire = 2;
		return f->max_bytes ? LD_OK
				    : LD_ERR_ARG; /* its length must be said in fields.def */
	case PROTOBUF_C_TYPE_ENUM:
		f->enum_values = enum_of(t, d->descriptor);
		return f->enum_values ? LD_OK : LD_ERR_ARG;
	case PROTOBUF_C_TYPE_SINT32:
		f->max_range = UINT32_MAX;
		if (f->rule->lat)
			f->max_range = 2 * 900000000u;
		if (f->rule->lon)
			f->max_range = 2 * 1800000000u;
		return LD_OK;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
		return LD_OK;
	default:
		return LD_ERR_ARG; /* no floats, no fixed, no int32: the contract has none */
	}
}

static enum ld_err compile_field(struct tables *t, const ProtobufCFieldDescriptor *d,
				 struct ld_gate_field *f)
{
	f->name = d->name;
	f->type = (uint8_t)d->type;
	enum ld_err err = compile_type(t, d, f);
	if (err)
		return err;
	if (d->label == PROTOBUF_C_LABEL_REPEATED) {
		f->packed = f->wire != 2;
		f->repeated = !f->packed;
		f->wire = 2;
		if (!f->rule->max_count)
			return LD_ERR_ARG; /* its count must be said in fields.def */
	}
	/* rules that would say nothing here are mistakes */
	const bool list = f->packed || f->repeated;
	const bool text = d->type == PROTOBUF_C_TYPE_STRING;
	const bool position = d->type == PROTOBUF_C_TYPE_SINT32;
	if ((f->rule->max_count && !list) || (f->rule->id && !text) ||
	    ((f->rule->lat || f->rule->lon) && !position) ||
	    ((f->rule->same || f->rule->plus_one) && !f->packed))
		return LD_ERR_ARG;
	return LD_OK;
}

static enum ld_err compile_message(struct tables *t, struct ld_gate_message *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	unsigned groups[8];
	unsigned n_groups = 0, bits = 0;
	if (d->n_fields == 0 || d->n_fields > MAX_FIELDS)
		return bad(d->short_name, "*");
	m->max_number = d->fields[d->n_fields - 1].id;
	if (m->max_number >= LD_GATE_EXTENSION_FIRST)
		return bad(d->short_name, "*");
	struct ld_gate_field *fields = calloc(d->n_fields, sizeof *fields);
	uint8_t *index = calloc(m->max_number + 1, 1);
	m->fields = fields;
	m->index = index;
	if (!fields || !index)
		return LD_ERR_NOMEM;
	for (unsigned i = 0; i < d->n_fields; i++) {
		struct ld_gate_field *f = &fields[i];
		index[d->fields[i].id] = (uint8_t)(i + 1);
		f->rule = rule_of(d, d->fields[i].name, false);
		if (d->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			f->oneof = oneof_of(&d->fields[i], groups, &n_groups);
		if (!f->oneof && bits == MAX_BITS)
			return bad(d->short_name, f->name);
		f->bit = (uint8_t)(f->oneof ? ONEOF_BIT : bits++);
		if (compile_field(t, &d->fields[i], f))
			return bad(d->short_name, f->name);
		m->required |= f->rule->required ? UINT64_C(1) << f->bit : 0;
		m->same |= f->rule->same ? UINT64_C(1) << f->bit : 0;
	}
	/* our messages have one oneof at most, so its name need not be matched to a group */
	if (n_groups > 1)
		return bad(d->short_name, "*");
	if (n_groups == 1 &&
	    (rule_of(d, "body", true)->oneof || rule_of(d, "content", true)->oneof))
		m->oneof_required = 1;
	return LD_OK;
}

/* fields.def may not name what no descriptor has: a misspelt rule would silently not hold. */
static enum ld_err every_rule_is_used(const struct tables *t)
{
	for (size_t i = 0; i < N_RULES; i++) {
		bool found = false;
		for (size_t k = 0; k < t->n_messages && !found; k++) {
			const struct ld_gate_message *m = &t->messages[k];
			if (strcmp(m->descriptor->short_name, RULES[i].message) != 0)
				continue;
			for (unsigned f = 0; f < m->descriptor->n_fields && !found; f++)
				found = m->fields[f].rule == &RULES[i];
			found = found || (RULES[i].oneof && m->oneof_required);
		}
		if (!found)
			return bad(RULES[i].message, RULES[i].field);
	}
	return LD_OK;
}

/* How deep the type nests; past the limit for a type that contains itself. */
static unsigned depth_of(const struct ld_gate_message *m, unsigned depth)
{
	unsigned deepest = depth;
	if (depth > LD_MAX_NESTING)
		return depth;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		if (!m->fields[i].sub)
			continue;
		const unsigned d = depth_of(m->fields[i].sub, depth + 1);
		deepest = d > deepest ? d : deepest;
	}
	return deepest;
}

static void free_tables(struct tables *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_messages; i++) {
		free(t->messages[i].fields);
		free(t->messages[i].index);
	}
	free(t);
}

enum ld_err ld_gate_init(void)
{
	if (tables)
		return LD_OK;
	struct tables *t = calloc(1, sizeof *t);
	if (!t)
		return LD_ERR_NOMEM;
	enum ld_err err = collect(t);
	for (size_t i = 0; i < t->n_messages && !err; i++)
		err = compile_message(t, &t->messages[i]);
	for (size_t i = 0; i < t->n_messages && !err; i++) {
		if (depth_of(&t->messages[i], 1) > LD_MAX_NESTING)
			err = bad(t->messages[i].descriptor->short_name, "*");
	}
	if (!err)
		err = every_rule_is_used(t);
	if (err)
		free_tables(t);
	else
		tables = t;
	return err;
}

void ld_gate_cleanup(void)
{
	free_tables(tables);
	tables = NULL;
}
