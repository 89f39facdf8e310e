// Workload identity in Kubernetes: the service account's token, which the cluster keeps in a file,
// is exchanged at Entra. The file is read at every request, because the cluster rotates it.
#include "cloud/entra_token.h"

namespace sallyport::cloud {

void obtain_for_workload(const Ask& ask, OnObtained done) {
  // Kubernetes mounts it by a symbolic link of its own, so links are followed here.
  auto token = read_token_file(
      {.name = ask.settings->token_file, .limit = kMostTokenBytes, .links = Links::kFollow});
  if (!token) {
    token.error().next_step =
        "check that the pod has the label azure.workload.identity/use and its service account the "
        "annotation with the client id";
    return done(std::unexpected(CredentialFailure{std::move(token.error()), false}));
  }
  ask_entra(ask, {{"client_assertion_type", kJwtBearer}, {"client_assertion", token->reveal()}},
            token->reveal(), std::move(done));
}

}  // namespace sallyport::cloud
