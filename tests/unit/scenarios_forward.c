/* Rows 1 and 2 of a manifest that forwards. */
#include "forward_builders.h"
#include "scenario.h"

SCENARIO(HARD, MANIFEST_CREATED, parents_here, UNKNOWN_MANIFEST)
{
	static const uint8_t nowhere[LD_UUID_BYTES] = {9};

	fw_to_accepted(x);
	fw_create(x, fw_created(x, mx_bytes(nowhere, sizeof nowhere)));
}

SCENARIO(HARD, MANIFEST_CREATED, shares_fit, NOT_ADDING)
{
	Liandan__ManifestCreated *b = fw_created(x, fw_to_accepted(x));

	b->lines[1]->quantity->mass_g--;
	fw_create(x, b);
}

SCENARIO(HARD, MANIFEST_CREATED, parents_left, QUANTITY)
{
	fw_create(x, fw_bulk(x, fw_to_accepted(x), MX_BULK_G + 1));
}

/* Two drafts of the same heap: one of them is sealed. */
SCENARIO(HARD, MANIFEST_SEALED, parents_left, QUANTITY)
{
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *first = fw_bulk(x, parent, 300000), *second;

	mx_clean(x, fw_create(x, first));
	fw_next(x, 0x44);
	second = fw_bulk(x, parent, 300000);
	second->lines[0]->quantity->basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	mx_clean(x, fw_create(x, second));
	fw_next(x, 0x33);
	mx_clean(x, fw_seal(x, first));
	fw_next(x, 0x44);
	fw_seal(x, second);
}

SCENARIO(HARD, MANIFEST_SEALED, came_shared, NOT_ADDING)
{
	Liandan__ManifestCreated *b = fw_created(x, fw_to_accepted(x));

	b->parents[0]->mass_g -= MX_C2_G;
	mx_clean(x, fw_create(x, b));
	fw_seal(x, b);
}
