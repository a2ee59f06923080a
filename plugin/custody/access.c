/* What may a connection read, subscribe to and publish: one table of branches (PROTOCOL: Topics),
 * one walk over the levels of a topic or filter. ld_may_read runs once per delivery: it allocates
 * nothing and looks only at the fields it needs of a stored record. */
#include "plugin/custody/access.h"

#include <string.h>

#include "plugin/custody/amend.h"
#include "plugin/custody/tables.h"
#include "proto/base64.h"

/* ---- whose things ---- */

/* Field numbers of state.proto, manifest.proto and registry.proto that the scan below looks at; a
 * unit test holds them against the descriptors. */
#define F_MANIFEST_CREATED 5
#define F_MANIFEST_OFFER 9
#define F_MANIFEST_HOLDER 11
#define F_MANIFEST_FILLED_BY 74
#define F_MANIFEST_SIGNED_BY 81
#define F_SIGNED_BY_PARTY 1
#define F_CREATED_GENERATOR 5
#define F_CREATED_RECEIVER 7
#define F_CREATED_CARRIERS 8
#define F_RECEIVER_PARTY 1
#define F_CARRIER_PARTY 2
#define F_OFFER_TO_PARTY 5
#define F_OFFER_CLOSED 10
#define F_VEHICLE_REGISTERED 1
#define F_REGISTERED_PARTY 4

/* Protobuf bytes that we wrote ourselves, read field by field without decoding: a manifest of 1,000
 * items takes a thousand steps and no memory. */
struct scan {
	const uint8_t *p;
	const uint8_t *end;
	uint32_t field;
	uint64_t number;     /* of a varint */
	const uint8_t *data; /* of a length-delimited field, else NULL */
	size_t len;
};

static bool scan_varint(struct scan *s, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 64 && s->p < s->end; shift += 7) {
		uint8_t b = *s->p++;

		*v |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return true;
	}
	return false;
}

/* The next field; false at the end, and on bytes that are none. */
static bool scan_next(struct scan *s)
{
	uint64_t tag, n;

	s->data = NULL;
	s->len = 0;
	if (s->p >= s->end || !scan_varint(s, &tag) || tag >> 3 > UINT32_MAX)
		return false;
	s->field = (uint32_t)(tag >> 3);
	switch (tag & 7) {
	case 0:
		return scan_varint(s, &s->number);
	case 1:
		n = 8;
		break;
	case 2:
		if (!scan_varint(s, &n))
			return false;
		s->data = s->p;
		break;
	case 5:
		n = 4;
		break;
	default:
		return false;
	}
	if (n > (uint64_t)(s->end - s->p))
		return false;
	s->len = (size_t)n;
	s->p += n;
	return true;
}

static bool same(const uint8_t *data, size_t len, const char *text)
{
	return data != NULL && strlen(text) == len && memcmp(data, text, len) == 0;
}

/* Is the string field `field` of this message `party`? */
static bool names(const uint8_t *data, size_t len, uint32_t field, const char *party)
{
	struct scan s = {.p = data, .end = data + len};

	while (data != NULL && scan_next(&s))
		if (s.field == field)
			return same(s.data, s.len, party);
	return false;
}

static bool created_names(const uint8_t *data, size_t len, const char *party)
{
	struct scan s = {.p = data, .end = data + len};

	while (data != NULL && scan_next(&s)) {
		if ((s.field == F_CREATED_GENERATOR && same(s.data, s.len, party)) ||
		    (s.field == F_CREATED_RECEIVER &&
		     names(s.data, s.len, F_RECEIVER_PARTY, party)) ||
		    (s.field == F_CREATED_CARRIERS && names(s.data, s.len, F_CARRIER_PARTY, party)))
			return true;
	}
	return false;
}

/* An offer shows the manifest to the taker that it names, as long as it stands. */
static bool offer_names(const uint8_t *data, size_t len, const char *party)
{
	struct scan s = {.p = data, .end = data + len};
	bool named = false;

	while (data != NULL && scan_next(&s)) {
		if (s.field == F_OFFER_TO_PARTY)
			named = same(s.data, s.len, party);
		else if (s.field == F_OFFER_CLOSED && s.data == NULL && s.number != 0)
			return false;
	}
	return named;
}

static bool manifest_bytes_name(const uint8_t *data, size_t len, const char *party)
{
	struct scan s = {.p = data, .end = data + len};

	while (scan_next(&s)) {
		if ((s.field == F_MANIFEST_CREATED && created_names(s.data, s.len, party)) ||
		    (s.field == F_MANIFEST_OFFER && offer_names(s.data, s.len, party)) ||
		    (s.field == F_MANIFEST_SIGNED_BY &&
		     names(s.data, s.len, F_SIGNED_BY_PARTY, party)) ||
		    ((s.field == F_MANIFEST_HOLDER || s.field == F_MANIFEST_FILLED_BY) &&
		     same(s.data, s.len, party)))
			return true;
	}
	return false;
}

static bool manifest_names(struct ld_custody *c, const uint8_t *id, const char *party)
{
	const uint8_t *value;
	size_t len;

	return ld_state_get(c->state, LD_T_MANIFEST, id, LD_UUID_BYTES, &value, &len) == LD_OK &&
	       manifest_bytes_name(value, len, party);
}

bool ld_may_see_manifest(struct ld_custody *c, const struct ld_identity *id,
			 const Custody__Manifest *m)
{
	const Liandan__ManifestCreated *created = m->created;

	(void)c;
	if (id->regulator || strcmp(m->holder, id->party) == 0 ||
	    strcmp(m->filled_by, id->party) == 0)
		return true;
	if (m->offer != NULL && !m->offer->closed && strcmp(m->offer->to_party, id->party) == 0)
		return true;
	if (ld_has_signed(m, id->party)) /* it is asked about amendments */
		return true;
	if (created == NULL)
		return false;
	if (strcmp(created->generator, id->party) == 0 ||
	    (created->receiver != NULL && strcmp(created->receiver->party, id->party) == 0))
		return true;
	for (size_t i = 0; i < created->n_carriers; i++)
		if (strcmp(created->carriers[i]->party, id->party) == 0)
			return true;
	return false;
}

struct load_search {
	struct ld_custody *c;
	const char *party;
	size_t prefix;
};

static int load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct load_search *s = ctx;

	(void)value, (void)len;
	return key_len == s->prefix + LD_UUID_BYTES &&
	       manifest_names(s->c, key + s->prefix, s->party);
}

bool ld_may_see_vehicle(struct ld_custody *c, const struct ld_identity *id, const char *plate)
{
	struct load_search search = {.c = c, .party = id->party};
	size_t n = strnlen(plate, LD_MAX_ID_BYTES + 1);
	const uint8_t *value;
	struct ld_tkey k;
	struct scan s;
	size_t len;
	int found = 0;

	if (id->regulator)
		return true;
	if (n == 0 || n > LD_MAX_ID_BYTES ||
	    ld_state_get(c->state, LD_T_VEHICLE, plate, n, &value, &len) != LD_OK)
		return false;
	s = (struct scan){.p = value, .end = value + len};
	while (scan_next(&s))
		if (s.field == F_VEHICLE_REGISTERED &&
		    names(s.data, s.len, F_REGISTERED_PARTY, id->party))
			return true;
	ld_tkey_init(&k);
	ld_tkey_str(&k, plate);
	search.prefix = k.len;
	return ld_state_walk(c->state, LD_T_LOAD, k.b, k.len, NULL, 0, load_one, &search, &found) ==
		   LD_OK &&
	       found != 0;
}

/* ---- topics ---- */

enum reader {
	NOBODY,
	REGULATORS,
	PARTY,	  /* regulators, and the party of the first level */
	DEVICE,	  /* only the device of the first two levels */
	MANIFEST, /* regulators, and its parties */
	VEHICLE,  /* regulators, its carrier, the parties of its load */
	EVERYBODY,
};

struct branch {
	const char *name;
	unsigned levels; /* after the name */
	bool deeper;	 /* or more */
	enum reader reader;
};

/* PROTOCOL: Topics. Below waste/v1/<region>/. */
static const struct branch branches[] = {
    {"i", 2, false, NOBODY},	       /* i/<party>/<device> */
    {"o", 2, false, PARTY},	       /* o/<party>/<device> */
    {"r", 2, false, DEVICE},	       /* r/<party>/<device> */
    {"q", 3, true, DEVICE},	       /* q/<party>/<device>/…: answers to queries */
    {"refused", 3, false, REGULATORS}, /* refused/<reason>/<party>/<device> */
    {"manifest", 1, false, MANIFEST},  /* manifest/<id in hex> */
    {"vehicle", 1, false, VEHICLE},    /* vehicle/<plate> */
    {"anomaly", 3, false, REGULATORS}, /* anomaly/<level>/<kind>/<subject> */
    {"open", 1, false, REGULATORS},    /* open/<anomaly id> */
    {"rating", 1, false, PARTY},       /* rating/<party> */
    {"precision", 0, false, REGULATORS},
    {"checkpoint", 0, false, EVERYBODY},
    {"query", 1, false, NOBODY}, /* query/<verb> */
};

struct level {
	const char *s;
	size_t len;
};

#define MAX_LEVELS 16

/* A topic or filter taken apart: 1 to MAX_LEVELS levels, none empty, wildcards only where MQTT has
 * them. False when it is none. */
struct path {
	struct level level[MAX_LEVELS];
	size_t n;
	bool wild; /* holds + or # */
	bool open; /* ends in # */
};

static bool path_add(struct path *path, const char *s, size_t len)
{
	bool wild = len == 1 && (s[0] == '+' || s[0] == '#');

	if (len == 0 || path->n == MAX_LEVELS || path->open)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char b = (unsigned char)s[i];

		if (b < 0x20 || b == 0x7f || ((b == '+' || b == '#') && !wild))
			return false;
	}
	path->level[path->n++] = (struct level){s, len};
	path->wild |= wild;
	path->open = wild && s[0] == '#';
	return true;
}

static bool path_split(struct path *path, const char *text)
{
	const char *from = text;

	path->n = 0;
	path->wild = path->open = false;
	for (const char *p = text;; p++) {
		if (p - text > LD_MAX_TOPIC_BYTES)
			return false;
		if (*p != '/' && *p != '\0')
			continue;
		if (!path_add(path, from, (size_t)(p - from)))
			return false;
		if (*p == '\0')
			return true;
		from = p + 1;
	}
}

static bool is(const struct level *l, const char *text)
{
	return strlen(text) == l->len && memcmp(l->s, text, l->len) == 0;
}

/* The levels after waste/v1/<region>/ of `path`, 0 when it lies elsewhere: wildcards do not stand
 * for these three. */
static size_t in_region(const struct ld_custody *c, const struct path *path)
{
	return path->n > 3 && is(&path->level[0], "waste") && is(&path->level[1], "v1") &&
		       is(&path->level[2], c->region)
		   ? path->n - 3
		   : 0;
}

static const struct branch *branch_of(const struct level *name)
{
	for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++)
		if (is(name, branches[i].name))
			return &branches[i];
	return NULL;
}

static bool own_device(const struct ld_identity *id, const struct level *party_device, size_t n)
{
	return n >= 2 && is(&party_device[0], id->party) && is(&party_device[1], id->device);
}

/* $SYS/broker/liandan is for regulators; the rest of $SYS for those who also administer. */
static bool may_sys(const struct ld_identity *id, const struct path *path)
{
	if (!id->regulator)
		return false;
	if ((id->roles & LIANDAN__ROLE__ROLE_ADMIN) != 0)
		return true;
	return path->n >= 3 && is(&path->level[1], "broker") && is(&path->level[2], "liandan");
}

static bool read_manifest(struct ld_custody *c, const struct ld_identity *id,
			  const struct level *hex)
{
	uint8_t manifest[LD_UUID_BYTES];

	if (id->regulator)
		return true;
	return ld_hex_decode(hex->s, hex->len, manifest, sizeof manifest) == LD_OK &&
	       manifest_names(c, manifest, id->party);
}

static bool read_vehicle(struct ld_custody *c, const struct ld_identity *id, const struct level *l)
{
	char plate[LD_MAX_ID_BYTES + 1];

	if (l->len > LD_MAX_ID_BYTES)
		return false;
	memcpy(plate, l->s, l->len);
	plate[l->len] = '\0';
	return ld_may_see_vehicle(c, id, plate);
}

bool ld_may_read(struct ld_custody *c, const struct ld_identity *id, const char *topic)
{
	const struct branch *branch;
	const struct level *rest;
	struct path path;
	size_t n;

	if (!path_split(&path, topic) || path.wild)
		return false;
	if (topic[0] == '$')
		return is(&path.level[0], "$SYS") && may_sys(id, &path);
	n = in_region(c, &path);
	branch = n != 0 ? branch_of(&path.level[3]) : NULL;
	if (branch == NULL || n - 1 < branch->levels || (n - 1 > branch->levels && !branch->deeper))
		return false;
	rest = &path.level[4];
	switch (branch->reader) {
	case EVERYBODY:
		return true;
	case REGULATORS:
		return id->regulator;
	case PARTY:
		return id->regulator || is(&rest[0], id->party);
	case DEVICE:
		return own_device(id, rest, n - 1);
	case MANIFEST:
		return read_manifest(c, id, &rest[0]);
	case VEHICLE:
		return read_vehicle(c, id, &rest[0]);
	case NOBODY:
	default:
		return false;
	}
}

/* Could the filter match a topic of this branch at all? */
static bool shape_fits(const struct path *path, size_t n, const struct branch *branch)
{
	size_t levels = n - 1 - (path->open ? 1 : 0); /* # stands for any number, none included */

	if (levels > branch->levels)
		return branch->deeper;
	return path->open || levels == branch->levels;
}

static bool may_filter(struct ld_custody *c, const struct ld_identity *id, const struct path *path)
{
	size_t n = in_region(c, path);
	const struct level *rest = &path->level[4];
	const struct branch *branch;

	if (n == 0)
		return false;
	/* all branches at once: for regulators, each message is checked on delivery */
	if (is(&path->level[3], "#") || is(&path->level[3], "+"))
		return id->regulator;
	branch = branch_of(&path->level[3]);
	if (branch == NULL || !shape_fits(path, n, branch))
		return false;
	switch (branch->reader) {
	case EVERYBODY:
	case MANIFEST: /* which ones is checked on delivery */
	case VEHICLE:
		return true;
	case REGULATORS:
		return id->regulator;
	case PARTY:
		return id->regulator || (n > 1 && is(&rest[0], id->party));
	case DEVICE:
		return own_device(id, rest, n - 1);
	case NOBODY:
	default:
		return false;
	}
}

/* Between the party's id and the rest of a group's name. */
static bool is_joint(char b)
{
	return b == '-' || b == '_' || b == '.' || b == ':';
}

/* A group's name is the party's id, or begins with it and a joint. Where party ids begin with each
 * other
 * ("eeb" and "eeb-east"), "eeb-east-1" is a group of the longer one. */
static bool own_group(struct ld_custody *c, const struct ld_identity *id, const struct level *group)
{
	size_t own = strlen(id->party);
	const uint8_t *value;
	size_t len;

	if (group->len < own || group->len > 2 * LD_MAX_ID_BYTES ||
	    memcmp(group->s, id->party, own) != 0)
		return false;
	if (group->len == own)
		return true;
	if (!is_joint(group->s[own]))
		return false;
	for (size_t i = own + 1; i <= group->len; i++)
		if ((i == group->len || is_joint(group->s[i])) &&
		    ld_state_get(c->state, LD_T_PARTY, group->s, i, &value, &len) !=
			LD_ERR_NOT_FOUND)
			return false;
	return true;
}

bool ld_may_subscribe(struct ld_custody *c, const struct ld_identity *id, const char *filter)
{
	struct path path;

	if (!path_split(&path, filter))
		return false;
	if (is(&path.level[0], "$SYS"))
		return may_sys(id, &path);
	if (is(&path.level[0], "$share")) {
		/* whoever shares takes messages from the others of the group */
		if (!id->regulator || path.n < 3 || !own_group(c, id, &path.level[1]))
			return false;
		path.n -= 2;
		memmove(&path.level[0], &path.level[2], path.n * sizeof path.level[0]);
	}
	return may_filter(c, id, &path);
}

/* A level that stands for an id: what the gate asks of ids; UTF-8 is the broker's to check. */
static bool id_level(const struct level *l)
{
	return l->len <= LD_MAX_ID_BYTES && l->s[0] != '$';
}

bool ld_may_publish(struct ld_custody *c, const struct ld_identity *id, const char *topic,
		    bool retain)
{
	struct path path;

	(void)id;
	if (retain || topic[0] == '$' || !path_split(&path, topic) || path.wild)
		return false;
	switch (in_region(c, &path)) {
	case 3: /* i/<party>/<device> */
		return is(&path.level[3], "i") && id_level(&path.level[4]) &&
		       id_level(&path.level[5]);
	case 2: /* query/<verb> */
		return is(&path.level[3], "query") && id_level(&path.level[4]);
	default:
		return false;
	}
}
