/* `liandan form`: what export writes of drafts, import reads, and a ledger that takes it exports
 * the same, as CSV and as JSON; what others have filled in does not come back as a draft. */
#include "deploy/cli/events.h"
#include "proto/base64.h"
#include "tests/support/ledger_trade.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

/* ---- drafts that are hard to write down ---- */

static char *texts[][3] = {
    /* trade name, components, phone */
    {TEXT("=HYPERLINK(\"http://x\",\"废油\")"), TEXT("'-0.5 mol/L, \"about\""), TEXT("+86 512 1")},
    {TEXT("废包装, 桶"), TEXT("@SUM(A1)"), TEXT("-")},
    {TEXT("''=twice"), TEXT("-12.5"), TEXT("0512-1234567; 110")},
};
#define DRAFTS (sizeof texts / sizeof texts[0])

static void draft(size_t at)
{
	Liandan__Event *e;
	Liandan__ManifestCreated *b;

	trade_begin(&t);
	e = trade_created(&t);
	b = e->manifest_created;
	b->lines[0]->trade_name = texts[at][0];
	b->lines[0]->components = texts[at][1];
	b->lines[0]->count = 7;
	b->lines[0]->form = LIANDAN__FORM__FORM_LIQUID;
	b->lines[0]->package = LIANDAN__PACKAGE__PACKAGE_DRUM;
	b->lines[0]->quantity->mass_g = 1234567 + (int64_t)at;
	b->lines[1]->catalogue_name = TEXT("废弃包装物");
	b->phone = texts[at][2];
	b->emergency = TEXT("110, 119");
	b->carriers[1]->licence = TEXT("L-haul2"); /* and none of the first */
	b->receiver->licence = TEXT("L-pit");
	b->n_places = 2;
	b->places = trade_dup(&t, (char *[]){TEXT("苏州"), TEXT("无锡")}, 2 * sizeof(char *));
	must(&t, &t.office, e);
}

/* ---- out, in, and out again ---- */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static char *exported(const char *dir, const char *how)
{
	struct binary b = BINARY("form", "export", "--all", "--dir", dir, how);
	char *text = b.out;

	if (b.code != 0)
		fail_msg("%s", b.err);
	free(b.err);
	return text;
}

/* Every event of the import, signed by the generator of the other ledger. */
static void send_all(char *lines, struct world *to, struct trade *office)
{
	struct ld_labels none = {0};
	struct ld_arena arena;
	char why[320], *save = NULL;
	size_t n = 0;

	assert_int_equal(ld_arena_init(&arena, 1u << 20), 0);
	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		cJSON *o = cJSON_Parse(line);
		const char *label, *key_file;
		Liandan__Event *e;

		ld_arena_reset(&arena);
		if (ld_event_of(o, &none, &arena, &e, &label, &key_file, why, sizeof why) != LD_OK)
			fail_msg("%s", why);
		if (world_send(to, &office->office, e) != LIANDAN__VERDICT__ACCEPTED)
			fail_msg("%s\n%s", to->out.detail, line);
		cJSON_Delete(o);
		n++;
	}
	assert_int_equal(n, DRAFTS);
	assert_int_equal(ld_region_flush(to->region), LD_OK);
	ld_arena_free(&arena);
}

static void round_trip(const char *how)
{
	struct world other;
	struct trade clerk;
	struct binary read;
	char path[128], *first, *second;

	for (size_t i = 0; i < DRAFTS; i++)
		draft(i);
	first = exported(w.dir, how);
	snprintf(path, sizeof path, "%s/form", w.dir);
	write_file(path, first);
	read = BINARY("form", "import", path);
	if (read.code != 0)
		fail_msg("%s\n%s", read.err, first);
	world_new(&other);
	trade_found(&clerk, &other);
	send_all(read.out, &other, &clerk);
	second = exported(other.dir, how);
	assert_string_equal(first, second);
	free(first);
	free(second);
	binary_free(&read);
	trade_free(&clerk);
	world_free(&other);
}

static void csv_comes_back(void **state)
{
	(void)state;
	round_trip("--excel");
}

static void json_comes_back(void **state)
{
	(void)state;
	round_trip("--json");
}

/* The file that a person edits: nothing in it runs. */
static void no_cell_is_a_formula(void **state)
{
	char *text;

	(void)state;
	draft(0);
	text = exported(w.dir, "--excel");
	assert_non_null(strstr(text, "\"'=HYPERLINK(\"\"http://x\"\",\"\"废油\"\")\""));
	assert_non_null(strstr(text, ",\"'+86 512 1\","));
	assert_null(strstr(text, ",=HYPER"));
	assert_non_null(strstr(text, ",; L-haul2,")); /* each licence in its carrier's place */
	free(text);
}

static void what_others_filled_in_is_no_draft(void **state)
{
	char path[128], *text;

	(void)state;
	trade_to_taken(&t);
	text = exported(w.dir, "--json");
	snprintf(path, sizeof path, "%s/form", w.dir);
	write_file(path, text);
	free(text);
	BINARY_SAYS(1, "generator_handler is not the generator's to fill in", "form", "import",
		    path);
	write_file(path, "generator,site,receiver,destination,carriers,code,mass_t,state\n"
			 "gen,gen-yard,pit,pit-gate,haul,900-041-49,1,SEALED\n");
	BINARY_SAYS(1, "it is SEALED, no draft any more", "form", "import", path);
	write_file(path, "generator,site,receiver,destination,carriers,code,mass_t,kind\n"
			 "gen,gen-yard,pit,pit-gate,haul,900-041-49,1,RETURN\n");
	BINARY_SAYS(1, "kind is NORMAL", "form", "import", path);
	write_file(path, "generator,site,receiver,destination,carriers,code,mass_t,manifest\n"
			 "gen,gen-yard,pit,pit-gate,haul,900-041-49,1,12\n");
	BINARY_SAYS(1, "manifest is 32 hex digits", "form", "import", path);
}

static cJSON *form_of(uint8_t child)
{
	char hex[2 * LD_UUID_BYTES + 1];
	cJSON *o = cJSON_CreateObject();

	t.id[1] = child;
	ld_hex_encode(t.id, sizeof t.id, hex);
	cJSON_AddItemToObject(o, "rows",
			      BINARY_JSON(0, "form", "export", hex, "--dir", w.dir, "--json"));
	t.id[1] = 0;
	return o;
}

/* CUSTODY-6, 14, 16: a child's form says what its parent's said before they parted. */
static void children_have_forms(void **state)
{
	const cJSON *row;
	cJSON *o;

	(void)state;
	trade_to_sealed(&t);
	take_part(1, t.drum, 200000);
	take_all(&t.office);
	bring(&t.pit, "pit-gate");
	refuse_part(2, TRADE_BULK_G - 250000, 50000);
	t.id[1] = 2;
	send_back(3);
	t.id[1] = 0;
	o = form_of(1);
	row = row_of(o, "rows", "line", "2");
	assert_string_equal(word(row, "kind"), "SPLIT");
	assert_string_equal(word(row, "generator_handler"), "clerk");
	assert_string_equal(word(row, "drivers"), "p-d1");
	assert_string_equal(word(row, "plates"), "T1");
	assert_string_equal(word(row, "mass_t"), "0.200000");
	assert_string_not_equal(word(row, "handover_time"), "");
	assert_string_equal(word(row, "received_time"), ""); /* the other truck was */
	cJSON_Delete(o);
	o = form_of(2);
	row = row_of(o, "rows", "line", "2");
	assert_string_equal(word(row, "drivers"), "p-d1");
	assert_string_equal(word(row, "mass_t"), "0.050000");
	assert_string_equal(word(row, "accepted_t"), "");
	assert_string_not_equal(word(row, "received_time"), "");
	cJSON_Delete(o);
	o = form_of(3);
	row = row_of(o, "rows", "line", "2");
	assert_string_equal(word(row, "kind"), "RETURN");
	assert_string_equal(word(row, "receiver"), "gen");
	assert_string_equal(word(row, "generator_handler"), "clerk");
	assert_string_equal(word(row, "carriers"), "haul");
	assert_string_equal(word(row, "drivers"), ""); /* nobody has taken it yet */
	cJSON_Delete(o);
	o = form_of(0);
	row = row_of(o, "rows", "line", "2");
	assert_string_equal(word(row, "accepted_t"), "0.250003");
	assert_string_equal(word(row, "opinion"), "");
	cJSON_Delete(o);
}

static void wrong_arguments(void **state)
{
	(void)state;
	BINARY_SAYS(64, "form export", "form");
	BINARY_SAYS(64, "form export", "form", "export", "--dir", w.dir);
	BINARY_SAYS(64, "form export", "form", "import");
	BINARY_SAYS(64, "form export", "form", "sideways", "x");
	BINARY_SAYS(1, "no manifest", "form", "export", "20263100000001", "--dir", w.dir);
	BINARY_SAYS(1, "no manifest", "form", "export", "--all", "--dir", w.dir);
	BINARY_SAYS(1, "nonexistent", "form", "import", "/nonexistent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_LEDGER(csv_comes_back),       ON_A_LEDGER(json_comes_back),
	    ON_A_LEDGER(no_cell_is_a_formula), ON_A_LEDGER(what_others_filled_in_is_no_draft),
	    ON_A_LEDGER(children_have_forms),  ON_A_LEDGER(wrong_arguments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
