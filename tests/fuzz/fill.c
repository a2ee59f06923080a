#include "tests/fuzz/fill.h"

#include "plugin/custody/manifest.h"
#include "plugin/custody/tables.h"
#include "proto/gate_tables.h"

#define DEPTH 6

struct filler {
	struct fz_in *in;
	struct fz_play *p;
	struct ld_arena *arena;
	int depth;
};

#define NAMES 6
static const struct {
	const char *field; /* ends with */
	const char *names[NAMES];
} vocabulary[] = {
    {"to_party", {"car", "rec", "gen", "car", "car2", "eeb"}},
    {"carrier", {"car", "car", "car2", "gen", "str", "car"}},
    {"party", {"gen", "car", "rec", "rec2", "str", "car2"}},
    {"generator", {"gen", "gen", "gen", "rec", "car", "gen"}},
    {"site", {"works", "plant", "works", "plant2", "shed", "nowhere"}},
    {"plate", {"A1", "A1", "A1", "A2", "A1", "A3"}},
    {"driver", {"p-zhang", "p-zhang", "p-gen", "p-rec", "p-zhang", "p-x"}},
    {"person", {"p-zhang", "p-new", "p-gen", "p-rec", "p-y", "p-x"}},
    {"terminal", {"t1", "t1", "t1", "t2", "t1", "t3"}},
    {"instrument", {"w1", "w1", "w1", "m1", "w1", "w3"}},
    {"meter_out", {"m1", "m1", "m1", "m2", "w1", "m3"}},
    {"meter_in", {"m2", "m2", "m2", "m1", "w1", "m3"}},
    {"licence", {"l-rec", "l-car", "l-new", "l-rec", "l-car", "l-x"}},
    {"container", {"c1", "c2", "c1", "c3", "c1", "c2"}},
    {"containers", {"c1", "c2", "c1", "c3", "c1", "c2"}},
    {"codes", {"*", "HW49", "900-041-49", "900-249-08", "010304", "HW08"}},
    {"code", {"900-041-49", "900-041-49", "900-249-08", "010304", "999-999-99", "900-041-49"}},
    {"batch", {"b1", "b2", "b3", "b4", "b5", "b6"}},
    {"from_batches", {"b1", "b2", "b3", "b4", "b5", "b6"}},
    {"seals", {"s1", "s2", "s1", "s3", "s1", "s2"}},
    {"mode", {"D10", "R3", "D9", "D10", "C3", "R3"}},
    {"device", {"d9", "office", "t1", "t9", "zhang", "w1"}},
    {"subject", {"c1", "works", "c2", "plant", "01010101010101010101010101010101", "c3"}},
    {"", {"x", "y", "z", "京A12345", "废油", "0"}},
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

static char *pick_name(struct filler *f, const char *field)
{
	size_t i = 0;

	while (!ends_with(field, vocabulary[i].field))
		i++;
	return (char *)(uintptr_t)vocabulary[i].names[fz_u8(f->in) % NAMES];
}

static int64_t pick_time(struct filler *f)
{
	static const int64_t steps[8] = {0,	      LD_MINUTE_MS, -LD_MINUTE_MS, LD_HOUR_MS,
					 -LD_HOUR_MS, LD_DAY_MS,    -LD_DAY_MS,	   -30 * LD_DAY_MS};
	uint8_t b = fz_u8(f->in);

	if (b < 16)
		return b;
	return f->p->now_ms + steps[b & 7] * (1 + (b >> 6)) + (b & 0x38);
}

static int64_t pick_mass(struct filler *f)
{
	static const int64_t masses[16] = {
	    0,	      1,       1000,	200000,	  1000000,   5000000,  12000000, 17000000,
	    17100000, 5000000, 5100000, 60000000, 999999999, 10000000, 4900000,	 0};
	uint8_t b = fz_u8(f->in);

	return b == 255 ? LD_MAX_WIRE_INT : b == 254 ? LD_MAX_MASS_G : masses[b & 15] + (b >> 6);
}

static int64_t pick_number(struct filler *f, const char *field)
{
	uint8_t b;

	if (ends_with(field, "_ms") && strncmp(field, "dt", 2) != 0 &&
	    strcmp(field, "uptime_ms") != 0)
		return pick_time(f);
	if (ends_with(field, "_g"))
		return pick_mass(f);
	b = fz_u8(f->in);
	if (strcmp(field, "lat_e7") == 0)
		return (b & 1 ? 312000000 : 313000000) + ((b >> 1) - 64) * 1000;
	if (strcmp(field, "lon_e7") == 0)
		return (b & 1 ? 1214000000 : 1215000000) + ((b >> 1) - 64) * 1000;
	if (strcmp(field, "dt_ms") == 0)
		return (int64_t)b * b * 100;
	if (ends_with(field, "_m"))
		return (int64_t)b * 997;
	if (strncmp(field, "dl", 2) == 0)
		return ((int64_t)b - 128) * 2000;
	if (strcmp(field, "roles") == 0 || strcmp(field, "known") == 0 ||
	    strcmp(field, "hazards") == 0)
		return (int64_t)b | (int64_t)(fz_u8(f->in) & 7) << 8;
	if (b == 255)
		return INT32_MAX;
	return b & 3; /* line, leg, version, count, order, … */
}

static ProtobufCBinaryData pick_bytes(struct filler *f, const char *field,
				      const struct ld_gate_rule *rule)
{
	uint32_t len = rule->min != 0 ? rule->min : rule->max < 32 ? rule->max : 32;
	ProtobufCBinaryData out = {len, ld_arena_alloc(f->arena, len != 0 ? len : 1)};
	uint8_t b = fz_u8(f->in);

	FZ_REQUIRE(out.data != NULL);
	if (strncmp(field, "manifest", 8) == 0 || strcmp(field, "child") == 0)
		b = (uint8_t)(1 + b % 3);
	else if (strncmp(field, "ticket", 6) == 0)
		b = (uint8_t)(0x10 + b % 6);
	else if (len == LD_KEY_ID_BYTES)
		b = (uint8_t)FZ_KEYS[b % (sizeof FZ_KEYS - 1)];
	memset(out.data, b, len);
	if (len == LD_HASH_BYTES && f->p->n_hash != 0 && b < 240)
		memcpy(out.data, f->p->hash[b % FZ_HASHES], LD_HASH_BYTES);
	return out;
}

static ProtobufCMessage *fill(struct filler *f, const ProtobufCMessageDescriptor *type);

static size_t size_of(ProtobufCType t)
{
	switch (t) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

static void fill_value(struct filler *f, const ProtobufCFieldDescriptor *d,
		       const struct ld_gate_rule *rule, void *at)
{
	const ProtobufCEnumDescriptor *e;
	ProtobufCBinaryData bytes;
	ProtobufCMessage *msg;
	int64_t number;
	char *text;

	switch (d->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		msg = fill(f, d->descriptor);
		memcpy(at, &msg, sizeof msg);
		break;
	case PROTOBUF_C_TYPE_STRING:
		text = pick_name(f, d->name);
		memcpy(at, &text, sizeof text);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		bytes = pick_bytes(f, d->name, rule);
		memcpy(at, &bytes, sizeof bytes);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		e = d->descriptor;
		memcpy(at, &e->values[fz_u8(f->in) % e->n_values].value, 4);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)at = fz_u8(f->in) & 1;
		break;
	default:
		number = pick_number(f, d->name);
		if (size_of(d->type) == 8)
			memcpy(at, &number, 8);
		else
			memcpy(at, &(int32_t){(int32_t)number}, 4);
	}
}

static void fill_list(struct filler *f, const ProtobufCFieldDescriptor *d,
		      const struct ld_gate_rule *rule, char *base, size_t same)
{
	size_t each = size_of(d->type), n = fz_u8(f->in) % 4;
	char *list;

	if (n < rule->min_count)
		n = rule->min_count;
	if (n == 0 && rule->required)
		n = 1;
	n = rule->same ? same : rule->plus_one ? (n != 0 ? same + 1 : 0) : n;
	if (n == 0)
		return;
	list = ld_arena_alloc(f->arena, n * each);
	FZ_REQUIRE(list != NULL);
	memset(list, 0, n * each);
	for (size_t i = 0; i < n; i++)
		fill_value(f, d, rule, list + i * each);
	memcpy(base + d->offset, &list, sizeof list);
	memcpy(base + d->quantifier_offset, &n, sizeof n);
}

static ProtobufCMessage *fill(struct filler *f, const ProtobufCMessageDescriptor *type)
{
	const struct ld_gate_message *gate = ld_gate_find(type);
	ProtobufCMessage *msg = ld_arena_alloc(f->arena, type->sizeof_message);
	size_t same = fz_u8(f->in) % 5;

	FZ_REQUIRE(gate != NULL && msg != NULL);
	type->message_init(msg);
	if (++f->depth > DEPTH)
		f->in->n = 0;
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *d = &type->fields[i];
		const struct ld_gate_rule *rule = gate->fields[i].rule;

		if ((d->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
			continue;
		if (d->label == PROTOBUF_C_LABEL_REPEATED)
			fill_list(f, d, rule, (char *)msg, same);
		else if (rule->required || (fz_u8(f->in) & 3) != 0)
			fill_value(f, d, rule, (char *)msg + d->offset);
	}
	f->depth--;
	return msg;
}

/* Contents that match what was sealed, most of the time. */
static void right_content(struct filler *f, Liandan__Event *e)
{
	struct ld_custody *c = &f->p->live.c;
	ProtobufCBinaryData id[1], *content = NULL;
	Custody__Manifest *m;

	if ((fz_u8(f->in) & 7) == 7 || ld_manifests_of(e, id, 1) == 0 ||
	    ld_manifest_get(c, id[0], &m) != LD_OK)
		return;
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_MANIFEST_SEALED:
		content = &e->manifest_sealed->content;
		e->manifest_sealed->version = 1;
		if (m->created == NULL ||
		    ld_manifest_content(f->arena, m->created, e->manifest_sealed->items,
					e->manifest_sealed->n_items, content->data) != LD_OK)
			return;
		return;
	case LIANDAN__EVENT__BODY_HANDOVER_OFFERED:
		content = &e->handover_offered->content;
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		content = &e->handover_taken->content;
		if (m->offer != NULL)
			e->handover_taken->offer = m->offer->event_hash;
		e->handover_taken->leg = m->leg + 1;
		break;
	case LIANDAN__EVENT__BODY_RECEIVED:
		content = &e->received->content;
		break;
	case LIANDAN__EVENT__BODY_ACCEPTED:
		content = &e->accepted->content;
		break;
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
		content = &e->partly_accepted->content;
		break;
	case LIANDAN__EVENT__BODY_GENERATOR_CONFIRMED:
		content = &e->generator_confirmed->content;
		break;
	case LIANDAN__EVENT__BODY_STOP_ENDED:
		if (m->stop.len == LD_HASH_BYTES)
			e->stop_ended->stop = m->stop;
		return;
	case LIANDAN__EVENT__BODY_AMENDMENT_PROPOSED:
		e->amendment_proposed->base_version = m->version;
		return;
	case LIANDAN__EVENT__BODY_AMENDMENT_AGREED:
		if (m->proposal != NULL)
			e->amendment_agreed->proposal = m->proposal->event_hash;
		return;
	case LIANDAN__EVENT__BODY_DISCREPANCY_RESOLVED:
		if (m->n_discrepancies != 0)
			e->discrepancy_resolved->discrepancy = m->discrepancies[0]->event_hash;
		return;
	default:
		return;
	}
	if (m->content.len == LD_HASH_BYTES)
		*content = m->content;
}

/* Who usually signs such an event. */
static uint8_t usual_signer(unsigned body)
{
	switch (body) {
	case LIANDAN__EVENT__BODY_TRACK:
	case LIANDAN__EVENT__BODY_SENSOR_EVENT:
		return FZ_TERMINAL;
	case LIANDAN__EVENT__BODY_WEIGHED:
		return FZ_SCALE;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
	case LIANDAN__EVENT__BODY_HANDOVER_DECLINED:
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
	case LIANDAN__EVENT__BODY_STOP_ENDED:
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
	case LIANDAN__EVENT__BODY_ARRIVED:
		return FZ_DRIVER;
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
		return FZ_STORE;
	case LIANDAN__EVENT__BODY_RECEIVED:
	case LIANDAN__EVENT__BODY_ACCEPTED:
	case LIANDAN__EVENT__BODY_REJECTED:
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
	case LIANDAN__EVENT__BODY_SAMPLE_ANALYSED:
	case LIANDAN__EVENT__BODY_DISCREPANCY_REPORTED:
	case LIANDAN__EVENT__BODY_WASTE_TREATED:
		return FZ_RECEIVER;
	default:
		return body < 200 ? FZ_AUTHORITY : FZ_GENERATOR;
	}
}

static ProtobufCBinaryData key_id(struct filler *f, uint8_t key)
{
	ProtobufCBinaryData id = {LD_KEY_ID_BYTES, ld_arena_alloc(f->arena, LD_KEY_ID_BYTES)};

	FZ_REQUIRE(id.data != NULL);
	memset(id.data, key, LD_KEY_ID_BYTES);
	return id;
}

static void fill_head(struct filler *f, Liandan__Event *e)
{
	static uint8_t zeros[LD_HASH_BYTES], ledger[LD_HASH_BYTES];
	uint8_t b = fz_u8(f->in);
	uint8_t signer =
	    b < 192 ? usual_signer(e->body_case) : (uint8_t)FZ_KEYS[b % (sizeof FZ_KEYS - 1)];

	memset(ledger, 0x5a, sizeof ledger);
	e->ledger_id = (ProtobufCBinaryData){sizeof ledger, ledger};
	e->prev = (ProtobufCBinaryData){sizeof zeros, zeros};
	e->region = (char *)(uintptr_t)FZ_REGION;
	e->submitter = key_id(f, signer);
	e->seq = f->p->n + 1;
	e->clock = (Liandan__Clock)(1 + (b & 3));
	e->occurred_at_ms = b & 4 ? pick_time(f) : f->p->now_ms;
	if ((b & 0x18) == 0x18) {
		e->after = ld_arena_alloc(f->arena, sizeof *e->after);
		FZ_REQUIRE(e->after != NULL);
		e->after[0] =
		    (ProtobufCBinaryData){LD_HASH_BYTES, f->p->hash[fz_u8(f->in) % FZ_HASHES]};
		e->n_after = 1;
	}
	if ((b & 0x60) == 0x60) {
		e->cosigners = ld_arena_alloc(f->arena, sizeof *e->cosigners);
		FZ_REQUIRE(e->cosigners != NULL);
		e->cosigners[0] = key_id(f, (uint8_t)FZ_KEYS[fz_u8(f->in) % (sizeof FZ_KEYS - 1)]);
		e->n_cosigners = 1;
	}
}

uint8_t *fz_fill_event(struct fz_in *in, struct fz_play *p, size_t *len)
{
	static struct ld_arena arena;
	const ProtobufCMessageDescriptor *type = &liandan__event__descriptor;
	struct filler f = {.in = in, .p = p, .arena = &arena};
	Liandan__Event e = LIANDAN__EVENT__INIT;
	const ProtobufCFieldDescriptor *d;
	unsigned first = type->n_fields, bodies;
	ProtobufCMessage *body;
	uint8_t *bytes;

	if (arena.base == NULL)
		FZ_REQUIRE(ld_arena_init(&arena, 8 * LD_MAX_ARENA_BYTES) == 0);
	ld_arena_reset(&arena);
	ld_arena_reset(&p->live.arena);
	while (first != 0 && (type->fields[first - 1].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		first--;
	bodies = type->n_fields - first;
	d = &type->fields[first + fz_u8(in) % bodies];
	e.body_case = (Liandan__Event__BodyCase)d->id;
	fill_head(&f, &e);
	body = fill(&f, d->descriptor);
	memcpy((char *)&e + d->offset, &body, sizeof body);
	right_content(&f, &e);
	*len = liandan__event__get_packed_size(&e);
	bytes = malloc(*len);
	FZ_REQUIRE(bytes != NULL && liandan__event__pack(&e, bytes) == *len);
	return bytes;
}
