// links: profile
//
// The flat JSON of /etc/claude-desktop/managed-settings.json.
#include "codec_fuzz.h"
SALLYPORT_FUZZ_CODEC(format::kLinuxJson)
