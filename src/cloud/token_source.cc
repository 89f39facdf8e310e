#include "cloud/token_source.h"

#include "base/check.h"

namespace sallyport::cloud {
namespace {

struct Row {
  SourceKind kind;
  std::string_view name;
  void (*obtain)(const Ask& ask, OnObtained done);  ///< null: nobody is asked
};

constexpr Row kSources[] = {
    {SourceKind::kApiKey, "api_key", nullptr},
    {SourceKind::kImds, "managed_identity.imds", obtain_from_imds},
    {SourceKind::kAppService, "managed_identity.app_service", obtain_from_app_service},
    {SourceKind::kArc, "managed_identity.arc", obtain_from_arc},
    {SourceKind::kWorkloadIdentity, "workload_identity", obtain_for_workload},
    {SourceKind::kClientSecret, "client_secret", obtain_with_secret},
    {SourceKind::kClientCertificate, "client_certificate", obtain_with_certificate},
};

const Row& row_of(SourceKind kind) {
  for (const auto& row : kSources) {
    if (row.kind == kind) return row;
  }
  check_failed("a kind of source without a row", __FILE__, __LINE__);
}

bool same_secret(const std::shared_ptr<const Secret>& a, const std::shared_ptr<const Secret>& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return equal_constant_time(a->reveal(), b->reveal());
}

}  // namespace

void obtain(const Ask& ask, OnObtained done) {
  const Row& row = row_of(ask.settings->kind);
  SALLYPORT_CHECK(row.obtain != nullptr);
  row.obtain(ask, std::move(done));
}

std::string_view name_of(SourceKind kind) {
  return row_of(kind).name;
}

bool same_source(const SourceSettings& a, const SourceSettings& b) {
  return a.kind == b.kind && a.scope == b.scope && a.endpoint == b.endpoint &&
         a.client_id == b.client_id && a.object_id == b.object_id &&
         a.resource_id == b.resource_id && a.token_file == b.token_file &&
         a.certificate == b.certificate && a.ca_file == b.ca_file && a.proxy == b.proxy &&
         a.arc_token_folder == b.arc_token_folder && same_secret(a.secret, b.secret);
}

Result<Secret> read_token_file(SecretFile file) {
  auto secret = read_secret_file(file);
  if (secret) return secret;
  return fail("credential.file", std::move(secret.error().message),
              "check that the file is there and that the gateway's user may read it");
}

}  // namespace sallyport::cloud
