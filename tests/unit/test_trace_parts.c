/* `liandan trace` follows what was refused onto its child manifests and back to its generator. */
#include "proto/base64.h"
#include "tests/support/ledger_trade.h"

#define TRACE(...)                                                                                 \
	binary_last_json(                                                                          \
	    0, (const char *const[]){"trace", __VA_ARGS__, "--dir", w.dir, "--json", NULL})

static const char *hex_of(ProtobufCBinaryData id)
{
	char *hex = trade_dup(&t, &(char[2 * LD_UUID_BYTES + 1]){""}, 2 * LD_UUID_BYTES + 1);

	ld_hex_encode(id.data, id.len, hex);
	return hex;
}

/* The drum is refused, the heap is accepted; the drum goes back. */
static void refuse_drum(ProtobufCBinaryData child)
{
	Liandan__PartlyAccepted *p =
	    TRADE_NEW(&t, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	Liandan__RefusedItem *r = TRADE_NEW(&t, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);
	const Liandan__Accepted *all = trade_accepted(&t)->accepted;
	struct signer *driver[] = {&t.d1};

	p->manifest = all->manifest;
	p->content = all->content;
	p->lines = &all->lines[1];
	p->n_lines = 1;
	r->item = part_item(t.drum, 1, TRADE_DRUM_G);
	r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	p->refused = trade_dup(&t, &r, sizeof r);
	p->n_refused = 1;
	p->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK;
	p->child = child;
	if (world_send_cosigned(&w, &t.pit, driver, 1,
				trade_event(&t, LIANDAN__EVENT__BODY_PARTLY_ACCEPTED, p)) !=
	    LIANDAN__VERDICT__ACCEPTED)
		fail_msg("reason %d: %s", (int)w.out.reason, w.out.detail);
}

static void return_drum(ProtobufCBinaryData refused, ProtobufCBinaryData child)
{
	Liandan__Redirected *b = TRADE_NEW(&t, Liandan__Redirected, LIANDAN__REDIRECTED__INIT);

	b->manifest = refused;
	b->child = child;
	b->kind = LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	b->receiver = TRADE_NEW(&t, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = (char *)(uintptr_t) "gen";
	b->receiver->site = (char *)(uintptr_t) "gen-yard";
	b->carrier = (char *)(uintptr_t) "haul";
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_REDIRECTED, b));
}

static void down_to_the_return(void **state)
{
	const char *first, *second, *third;
	const cJSON *kin;
	cJSON *o;

	(void)state;
	trade_to_received(&t);
	first = hex_of(trade_bytes(t.id, sizeof t.id));
	second = hex_of(child_id(1));
	third = hex_of(child_id(2));
	refuse_drum(child_id(1));
	return_drum(child_id(1), child_id(2));

	o = TRACE("manifest", first);
	kin = row_of(o, "down", "id", second);
	assert_string_equal(word(kin, "kind"), "manifest");
	assert_int_equal(number(kin, "mass_g"), TRADE_DRUM_G);
	assert_int_equal(number(row_of(o, "down", "id", third), "mass_g"), TRADE_DRUM_G);
	cJSON_Delete(o);
	o = TRACE("manifest", third);
	row_of(o, "up", "id", second);
	row_of(o, "up", "id", first);
	assert_int_equal(number(row_of(o, "up", "id", t.drum), "mass_g"), TRADE_DRUM_G);
	assert_string_equal(word(cJSON_GetObjectItemCaseSensitive(o, "record"), "state"),
			    "IN_TRANSIT");
	cJSON_Delete(o);
	o = TRACE("container", t.drum);
	assert_int_equal(count(o, "down"), 3); /* it was on three manifests */
	row_of(o, "down", "id", third);
	cJSON_Delete(o);
	/* and in words */
	BINARY_SAYS(0, "refused \xe6\x8b\x92\xe6\x94\xb6 100.000 kg", "trace", first, "--dir",
		    w.dir);
	BINARY_SAYS(0, "passed on", "trace", first, "--dir", w.dir);
	BINARY_SAYS(0, "returned", "trace", second, "--dir", w.dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {ON_A_LEDGER(down_to_the_return)};

	return cmocka_run_group_tests_name("trace_parts", tests, NULL, NULL);
}
