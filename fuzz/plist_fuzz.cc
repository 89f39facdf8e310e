// links: profile
//
// Configuration profiles and property lists, XML and binary, signed and not.
#include "codec_fuzz.h"
SALLYPORT_FUZZ_CODEC(format::kMobileconfig)
