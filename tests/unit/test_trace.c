/* `liandan trace` of containers, batches and manifests on real ledgers, as a person runs it. */
#include "deploy/cli/genealogy.h"
#include "proto/base64.h"
#include "tests/support/ledger_trade.h"

#define TRACE(...)                                                                                 \
	binary_last_json(                                                                          \
	    0, (const char *const[]){"trace", __VA_ARGS__, "--dir", w.dir, "--json", NULL})

/* Bodies of the entries, in order, each behind a space. */
static void bodies(char *out, size_t cap, const char *const *words)
{
	struct binary b = binary_run(words);
	char *save = NULL;

	assert_int_equal(b.code, 0);
	out[0] = '\0';
	for (char *line = strtok_r(b.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		cJSON *o = cJSON_Parse(line);
		const size_t at = strlen(out);

		assert_non_null(o);
		if (*word(o, "body") != '\0')
			snprintf(out + at, cap - at, " %s", word(o, "body"));
		cJSON_Delete(o);
	}
	binary_free(&b);
}
#define BODIES(out, ...)                                                                           \
	bodies(out, sizeof out,                                                                    \
	       (const char *const[]){"trace", __VA_ARGS__, "--dir", w.dir, "--json", NULL})

static const char *manifest_hex(char out[2 * LD_UUID_BYTES + 1])
{
	ld_hex_encode(t.id, sizeof t.id, out);
	return out;
}

static void wrong_arguments(void **state)
{
	char batch[80];

	(void)state;
	trade_to_stock(&t);
	BINARY_SAYS(64, "trace MANIFEST", "trace");
	BINARY_SAYS(64, "trace MANIFEST", "trace", "container", t.drum);
	BINARY_SAYS(64, "trace MANIFEST", "trace", "truck", "T1", "--dir", w.dir);
	BINARY_SAYS(64, "--depth", "trace", "container", t.drum, "--dir", w.dir, "--depth", "0");
	BINARY_SAYS(64, "--depth", "trace", "container", t.drum, "--dir", w.dir, "--depth", "65");
	BINARY_SAYS(64, "--count", "trace", "container", t.drum, "--dir", w.dir, "--count", "0");
	BINARY_SAYS(64, "--count", "trace", "container", t.drum, "--dir", w.dir, "--count",
		    "10001");
	BINARY_SAYS(64, "--at", "trace", "container", t.drum, "--dir", w.dir, "--at", "-1");
	BINARY_SAYS(64, "--at", "trace", "01", "--dir", w.dir, "--at", "1");
	BINARY_SAYS(1, "the ledger has", "trace", "container", t.drum, "--dir", w.dir, "--at",
		    "99999");
	BINARY_SAYS(1, "know no container", "trace", "container", "nothing", "--dir", w.dir);
	BINARY_SAYS(1, "PARTY/BATCH", "trace", "batch", t.batch, "--dir", w.dir);
	snprintf(batch, sizeof batch, "pit/%s", t.batch);
	BINARY_SAYS(1, "know no batch", "trace", "batch", batch, "--dir", w.dir);
	BINARY_SAYS(1, "no such manifest", "trace", "manifest", "12345678901234", "--dir", w.dir);
	BINARY_SAYS(1, "region init", "trace", "container", t.drum, "--dir", "/nonexistent");
	/* before the ledger had anything, nothing is known */
	BINARY_SAYS(1, "these 0 entries know no container", "trace", "container", t.drum, "--dir",
		    w.dir, "--at", "0");
}

static void a_containers_entries_and_manifest(void **state)
{
	char list[2048], hex[2 * LD_UUID_BYTES + 1];
	const cJSON *ride, *kin;
	cJSON *o;

	(void)state;
	trade_to_accepted(&t);
	treat(t.drum, TRADE_DRUM_G, NULL, 0, TRADE_DRUM_G);
	BODIES(list, "container", t.drum);
	assert_string_equal(list, " waste_generated manifest_sealed handover_offered "
				  "handover_taken arrived received weighed accepted "
				  "manifest_closed waste_treated");
	o = TRACE("container", t.drum);
	assert_string_equal(word(o, "kind"), "container");
	assert_string_equal(word(o, "id"), t.drum);
	assert_string_equal(word(cJSON_GetObjectItemCaseSensitive(o, "record"), "state"),
			    "TREATED");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "complete")));
	ride = row_of(o, "manifests", "manifest", manifest_hex(hex));
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(ride, "under_way")));
	assert_true(number(ride, "first") < number(ride, "last"));
	assert_true(number(ride, "first_at_ms") <= number(ride, "last_at_ms"));
	kin = row_of(o, "down", "id", hex);
	assert_string_equal(word(kin, "kind"), "manifest");
	assert_int_equal(number(kin, "mass_g"), TRADE_DRUM_G);
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(kin, "depth")->valueint, 1);
	cJSON_Delete(o);
	BINARY_SAYS(0, "under way", "trace", "container", t.drum, "--dir", w.dir);
	BINARY_SAYS(0, "manifest_closed", "trace", "container", t.drum, "--dir", w.dir);
}

static void a_past_index_is_what_it_was(void **state)
{
	char then[24];
	struct binary before, after;
	cJSON *o;

	(void)state;
	trade_to_sealed(&t);
	size_text(then);
	before = BINARY("trace", "container", t.drum, "--dir", w.dir, "--at", then, "--json");
	assert_int_equal(before.code, 0);
	must(&t, &t.office, trade_offered(&t, 1, "haul"));
	memcpy(t.offer, t.hash, sizeof t.offer);
	must(&t, &t.d1, trade_taken(&t, 1, "T1", "p-d1"));
	after = BINARY("trace", "container", t.drum, "--dir", w.dir, "--at", then, "--json");
	assert_string_equal(before.out, after.out);
	binary_free(&before);
	binary_free(&after);
	o = TRACE("container", t.drum, "--at", then);
	assert_int_equal(count(o, "down"), 0); /* sealed, and not yet loaded */
	assert_int_equal(count(o, "manifests"), 1);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(o, "manifests"), 0), "under_way")));
	cJSON_Delete(o);
	o = TRACE("container", t.drum);
	assert_int_equal(count(o, "down"), 1);
	cJSON_Delete(o);
}

/* A manifest that is cancelled lets its containers go: they were on it, and did not travel. */
static void sealed_and_cancelled_is_no_journey(void **state)
{
	char first[2 * LD_UUID_BYTES + 1];
	const char *drum;
	const cJSON *ride;
	cJSON *o;

	(void)state;
	trade_to_sealed(&t);
	manifest_hex(first);
	drum = t.drum;
	must(&t, &t.office, trade_cancelled(&t));
	o = TRACE("container", drum);
	ride = row_of(o, "manifests", "manifest", first);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(ride, "under_way")));
	assert_int_equal(count(o, "down"), 0);
	cJSON_Delete(o);
	o = TRACE("manifest", first);
	assert_int_equal(count(o, "up"), 0);
	cJSON_Delete(o);
}

static void a_manifest_knows_what_was_loaded(void **state)
{
	char hex[2 * LD_UUID_BYTES + 1];
	const cJSON *kin;
	cJSON *o;

	(void)state;
	trade_to_taken(&t);
	o = TRACE("manifest", manifest_hex(hex));
	kin = row_of(o, "up", "id", t.drum);
	assert_string_equal(word(kin, "kind"), "container");
	assert_int_equal(number(kin, "mass_g"), TRADE_DRUM_G);
	assert_string_equal(word(cJSON_GetObjectItemCaseSensitive(o, "record"), "state"),
			    "IN_TRANSIT");
	cJSON_Delete(o);
	/* and the old form still tells the manifest's entries */
	BINARY_SAYS(0, "handover_taken", "trace", hex, "--dir", w.dir);
}

static Liandan__Event *stored(const char *container)
{
	Liandan__ContainerStored *b =
	    TRADE_NEW(&t, Liandan__ContainerStored, LIANDAN__CONTAINER_STORED__INIT);
	Liandan__Item *item = TRADE_NEW(&t, Liandan__Item, LIANDAN__ITEM__INIT);

	item->container = (char *)(uintptr_t)container;
	item->line = 1;
	item->mass_g = TRADE_DRUM_G;
	b->batch = t.batch = trade_name(&t, "RK");
	b->site = (char *)(uintptr_t) "pit-gate";
	b->manifest = trade_bytes(t.id, sizeof t.id);
	b->items = trade_dup(&t, &item, sizeof item);
	b->n_items = 1;
	return trade_event(&t, LIANDAN__EVENT__BODY_CONTAINER_STORED, b);
}

/* What was refused names it all the same; what waited is told where it came and where it counted.
 */
static void refused_and_held_events_are_told(void **state)
{
	char list[2048], name[160];
	char *drum;

	(void)state;
	trade_to_received(&t);
	drum = t.drum;
	assert_int_equal(world_send(&w, &t.office, trade_generated(&t, drum, 5)),
			 LIANDAN__VERDICT__REFUSED); /* an id that is in use */
	assert_int_equal(world_send(&w, &t.pit, stored(drum)), LIANDAN__VERDICT__HELD);
	snprintf(name, sizeof name, "pit/%s", t.batch);
	must(&t, &t.scale, trade_weighed(&t, "scale", TRADE_DRUM_G + TRADE_BULK_G));
	must(&t, &t.pit, trade_accepted(&t));
	BODIES(list, "container", drum);
	assert_string_equal(list, " waste_generated manifest_sealed handover_offered "
				  "handover_taken arrived received waste_generated "
				  "container_stored weighed accepted manifest_closed held_applied");
	BODIES(list, "batch", name);
	assert_string_equal(list, " container_stored held_applied");
}

/* Generated, stored, repacked, released, carried, treated: there and back, with the grams and the
 * entries that say so. */
static void a_whole_life(void **state)
{
	char list[2048], hex[2 * LD_UUID_BYTES + 1], made[80], merged[80], out[80], burnt[80];
	Liandan__Event *e;
	char *small;
	const cJSON *kin;
	cJSON *o;

	(void)state;
	trade_to_stock(&t);
	small = t.drum;
	merge(small, TRADE_DRUM_G, NULL, 50003, "big", TRADE_DRUM_G + 50000);
	snprintf(merged, sizeof merged, "%s", t.batch);
	t.drum = trade_name(&t, "unused");
	e = trade_created(&t);
	e->manifest_created->lines[0]->quantity->mass_g = TRADE_DRUM_G + 50000;
	e->manifest_created->lines[1]->quantity->mass_g = 450000;
	must(&t, &t.office, e);
	e = trade_sealed(&t);
	e->manifest_sealed->items[0]->container = (char *)(uintptr_t) "big";
	e->manifest_sealed->items[0]->mass_g = TRADE_DRUM_G + 50000;
	trade_content(&t, e->manifest_sealed);
	must(&t, &t.office, e);
	release("big", TRADE_DRUM_G + 50000, true);
	snprintf(out, sizeof out, "%s", t.batch);
	must(&t, &t.office, trade_offered(&t, 1, "haul"));
	memcpy(t.offer, t.hash, sizeof t.offer);
	must(&t, &t.d1, trade_taken(&t, 1, "T1", "p-d1"));
	must(&t, &t.d1, trade_arrived(&t, "T1"));
	must(&t, &t.pit, trade_received(&t));
	must(&t, &t.scale, trade_weighed(&t, "scale", TRADE_DRUM_G + 500000));
	must(&t, &t.pit, trade_accepted(&t));
	treat("big", TRADE_DRUM_G + 50000, "ash", 30000, TRADE_DRUM_G + 20000);
	snprintf(burnt, sizeof burnt, "%s", t.batch);
	manifest_hex(hex);

	/* up from the ash to what was generated */
	o = TRACE("container", "ash");
	kin = row_of(o, "up", "id", burnt);
	assert_int_equal(number(kin, "mass_g"), 30000);
	assert_string_equal(word(kin, "party"), "pit");
	kin = row_of(o, "up", "id", "big");
	assert_int_equal(number(kin, "mass_g"), TRADE_DRUM_G + 50000);
	kin = row_of(o, "up", "id", merged);
	assert_string_equal(word(kin, "party"), "gen");
	kin = row_of(o, "up", "id", small);
	assert_int_equal(number(kin, "mass_g"), TRADE_DRUM_G);
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(kin, "depth")->valueint, 4);
	assert_true(number(kin, "recorded_at_ms") > 0);
	assert_int_equal(count(o, "up"), 5); /* and the batch that the drum was filled from */
	cJSON_Delete(o);

	/* down from that batch to the ash, by way of the manifest */
	o = TRACE("container", small);
	assert_string_equal(word(cJSON_GetObjectItemCaseSensitive(o, "record"), "state"),
			    "REPACKED");
	snprintf(made, sizeof made, "gen/%s",
		 word(cJSON_GetObjectItemCaseSensitive(o, "record"), "batch"));
	cJSON_Delete(o);
	o = TRACE("batch", made);
	for (size_t i = 0; i < 6; i++)
		row_of(o, "down", "id",
		       (const char *[]){small, merged, "big", out, burnt, "ash"}[i]);
	assert_string_equal(word(row_of(o, "down", "id", hex), "kind"), "manifest");
	cJSON_Delete(o);
	/* a little less far is less, and says so */
	o = TRACE("batch", made, "--depth", "3");
	kin = row_of(o, "down", "id", "big");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(kin, "more")));
	cJSON_Delete(o);

	BODIES(list, "container", "big");
	assert_string_equal(list, " stock_repacked manifest_sealed container_released "
				  "handover_offered handover_taken arrived received weighed "
				  "accepted manifest_closed waste_treated");
	BINARY_SAYS(0, "went into 去向", "trace", "container", "big", "--dir", w.dir);
	BINARY_SAYS(0, "out 产出  big  900-041-49  150.000 kg", "trace", "container", "big",
		    "--dir", w.dir);
	BINARY_SAYS(0, "out 产出  ash  772-003-18  30.000 kg", "trace", "container", "big", "--dir",
		    w.dir);
}

/* CUSTODY-6, 14, 16: by two trucks, a part refused, and back: each child leads to the next. */
static void children_up_and_down(void **state)
{
	char whole[2 * LD_UUID_BYTES + 1], part[sizeof whole], refused[sizeof whole],
	    back[sizeof whole], list[2048];
	char *const ids[] = {whole, part, refused, back};
	const cJSON *ride;
	cJSON *o;

	(void)state;
	trade_to_sealed(&t);
	for (uint8_t i = 0; i < 4; i++) {
		t.id[1] = i;
		manifest_hex(ids[i]);
	}
	t.id[1] = 0;
	take_part(1, t.drum, 200000);
	take_all(&t.office);
	bring(&t.pit, "pit-gate");
	refuse_part(2, TRADE_BULK_G - 250000, 50000);
	t.id[1] = 2;
	send_back(3);
	t.id[1] = 1;
	bring(&t.pit, "pit-gate");
	accept_masses(&t.pit, TRADE_DRUM_G, 200000);
	o = TRACE("manifest", back);
	assert_int_equal(number(row_of(o, "up", "id", refused), "mass_g"), 50000);
	assert_int_equal(number(row_of(o, "up", "id", whole), "mass_g"), 50000);
	assert_int_equal(count(o, "up"), 2); /* and not the drum, which was on another truck */
	cJSON_Delete(o);
	o = TRACE("manifest", whole);
	assert_int_equal(number(row_of(o, "down", "id", part), "mass_g"), TRADE_DRUM_G + 200000);
	row_of(o, "down", "id", refused);
	row_of(o, "down", "id", back);
	cJSON_Delete(o);
	o = TRACE("container", t.drum);
	ride = row_of(o, "manifests", "manifest", whole);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(ride, "under_way")));
	ride = row_of(o, "manifests", "manifest", part);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(ride, "under_way")));
	row_of(o, "down", "id", part);
	assert_int_equal(number(row_of(o, "down", "id", part), "mass_g"), TRADE_DRUM_G);
	cJSON_Delete(o);
	/* of the entries of the manifests, those while the drum was on them */
	BODIES(list, "container", t.drum);
	assert_string_equal(list, " waste_generated manifest_sealed handover_offered "
				  "handover_taken arrived received weighed accepted "
				  "manifest_closed");
}

/* The receiver sends on what it has accepted: to "hole", by the manifest at hand. */
static void forward(const uint8_t parent[LD_UUID_BYTES])
{
	Liandan__Event *e = trade_created(&t);
	Liandan__ManifestCreated *b = e->manifest_created;
	Liandan__Parent *from[2];

	for (size_t i = 0; i < 2; i++) {
		from[i] = TRADE_NEW(&t, Liandan__Parent, LIANDAN__PARENT__INIT);
		from[i]->manifest = trade_bytes(parent, LD_UUID_BYTES);
		from[i]->line = (uint32_t)i + 1;
		from[i]->mass_g = b->lines[i]->quantity->mass_g;
	}
	b->parents = trade_dup(&t, from, sizeof from);
	b->n_parents = 2;
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;
	b->generator = (char *)(uintptr_t) "pit";
	b->site = (char *)(uintptr_t) "pit-gate";
	b->receiver->party = (char *)(uintptr_t) "hole";
	b->receiver->site = (char *)(uintptr_t) "hole-gate";
	must(&t, &t.yard, e);
	must(&t, &t.yard, trade_sealed(&t));
	must(&t, &t.yard, trade_offered(&t, 1, "haul"));
	memcpy(t.offer, t.hash, sizeof t.offer);
	must(&t, &t.d1, trade_taken(&t, 1, "T1", "p-d1"));
}

static void sent_on_by_a_child_manifest(void **state)
{
	char first[2 * LD_UUID_BYTES + 1], second[2 * LD_UUID_BYTES + 1], drum[LD_MAX_ID_BYTES + 1];
	uint8_t parent[LD_UUID_BYTES];
	cJSON *o;

	(void)state;
	world_licence(&w, "L-hole", "hole", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
	trade_to_accepted(&t);
	manifest_hex(first);
	memcpy(parent, t.id, sizeof parent);
	snprintf(drum, sizeof drum, "%s", t.drum);
	trade_begin(&t);
	t.drum = drum;
	manifest_hex(second);
	forward(parent);
	o = TRACE("manifest", first);
	assert_int_equal(number(row_of(o, "down", "id", second), "mass_g"),
			 TRADE_DRUM_G + TRADE_BULK_G);
	cJSON_Delete(o);
	o = TRACE("manifest", second);
	assert_int_equal(number(row_of(o, "up", "id", first), "mass_g"),
			 TRADE_DRUM_G + TRADE_BULK_G);
	assert_int_equal(number(row_of(o, "up", "id", drum), "mass_g"), TRADE_DRUM_G);
	cJSON_Delete(o);
	o = TRACE("container", drum);
	assert_int_equal(count(o, "manifests"), 2);
	for (size_t i = 0; i < 2; i++) {
		const cJSON *ride = row_of(o, "manifests", "manifest", i == 0 ? first : second);

		assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(ride, "under_way")));
		row_of(o, "down", "id", i == 0 ? first : second);
	}
	cJSON_Delete(o);
}

static void depth_and_count_bound_it(void **state)
{
	char hex[2 * LD_UUID_BYTES + 1];
	Liandan__ManifestSealed *seal;
	Liandan__Event *e;
	cJSON *o;

	(void)state;
	/* two drums on one manifest */
	trade_to_stock(&t);
	must(&t, &t.office, trade_generated(&t, "second", TRADE_DRUM_G));
	e = trade_created(&t);
	e->manifest_created->lines[0]->quantity->mass_g = (int64_t)2 * TRADE_DRUM_G;
	must(&t, &t.office, e);
	e = trade_sealed(&t);
	seal = e->manifest_sealed;
	seal->items[seal->n_items] = trade_dup(&t, seal->items[0], sizeof *seal->items[0]);
	seal->items[seal->n_items++]->container = (char *)(uintptr_t) "second";
	trade_content(&t, seal);
	must(&t, &t.office, e);
	must(&t, &t.office, trade_offered(&t, 1, "haul"));
	memcpy(t.offer, t.hash, sizeof t.offer);
	must(&t, &t.d1, trade_taken(&t, 1, "T1", "p-d1"));
	manifest_hex(hex);
	o = TRACE("manifest", hex);
	assert_int_equal(count(o, "up"),
			 4); /* the drums, and the batches that they were filled in */
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "complete")));
	cJSON_Delete(o);
	o = TRACE("manifest", hex, "--count", "1");
	assert_int_equal(count(o, "up"), 1);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(o, "complete")));
	cJSON_Delete(o);
	BINARY_SAYS(0, "more than --count", "trace", "manifest", hex, "--count", "1", "--dir",
		    w.dir);
}

static void batches(void **state)
{
	char list[512], name[160];
	cJSON *o;

	(void)state;
	trade_to_accepted(&t);
	treat(t.drum, TRADE_DRUM_G, "ash", 40000, TRADE_DRUM_G - 40000);
	snprintf(name, sizeof name, "pit/%s", t.batch);
	o = TRACE("batch", name);
	assert_string_equal(word(o, "party"), "pit");
	assert_string_equal(word(o, "id"), t.batch);
	assert_int_equal(number(cJSON_GetObjectItemCaseSensitive(o, "record"), "mass_g"),
			 TRADE_DRUM_G);
	cJSON_Delete(o);
	BODIES(list, "batch", name);
	assert_string_equal(list, " waste_treated");
	/* another party's batch of the same name is another batch */
	snprintf(name, sizeof name, "gen/%s", t.batch);
	BINARY_SAYS(1, "know no batch", "trace", "batch", name, "--dir", w.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_LEDGER(wrong_arguments),
	    ON_A_LEDGER(a_containers_entries_and_manifest),
	    ON_A_LEDGER(a_past_index_is_what_it_was),
	    ON_A_LEDGER(sealed_and_cancelled_is_no_journey),
	    ON_A_LEDGER(a_manifest_knows_what_was_loaded),
	    ON_A_LEDGER(refused_and_held_events_are_told),
	    ON_A_LEDGER(a_whole_life),
	    ON_A_LEDGER(children_up_and_down),
	    ON_A_LEDGER(sent_on_by_a_child_manifest),
	    ON_A_LEDGER(depth_and_count_bound_it),
	    ON_A_LEDGER(batches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
