// links: profile
//
// The nested JSON of bootstrap answers, local entries and the app's export.
#include "codec_fuzz.h"
SALLYPORT_FUZZ_CODEC(format::kBootstrap)
