// Mutual TLS: the certificate's subject gives the role. Certificates are made on the spot.
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <utility>

#include "northbound/api/testing.h"

namespace waymark {
namespace {

struct Identity {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  ~Identity() {
    EVP_PKEY_free(key);
    X509_free(certificate);
  }
};

void AddExtension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`, or by itself.
void Make(Identity& id, const std::vector<std::pair<const char*, const char*>>& subject,
          const Identity* issuer) {
  static int serial = 0;
  id.key = EVP_EC_gen("P-256");
  id.certificate = X509_new();
  X509_set_version(id.certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(id.certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(id.certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(id.certificate), 3600);
  X509_set_pubkey(id.certificate, id.key);
  X509_NAME* name = X509_get_subject_name(id.certificate);
  for (const auto& [type, value] : subject) {
    X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
  }
  X509_set_issuer_name(id.certificate,
                       issuer == nullptr ? name : X509_get_subject_name(issuer->certificate));
  if (issuer == nullptr) {
    AddExtension(id.certificate, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    AddExtension(id.certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  }
  X509_sign(id.certificate, issuer == nullptr ? id.key : issuer->key, EVP_sha256());
}

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  std::string text(data, size);
  BIO_free(bio);
  return text;
}
std::string KeyPem(const Identity& id) {
  return Pem(
      [&](BIO* b) { PEM_write_bio_PrivateKey(b, id.key, nullptr, nullptr, 0, nullptr, nullptr); });
}
std::string CertificatePem(const Identity& id) {
  return Pem([&](BIO* b) { PEM_write_bio_X509(b, id.certificate); });
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(TlsTest, SubjectGivesTheRole) {
  Identity ca, server_id;
  Make(ca, {{"CN", "test CA"}}, nullptr);
  Make(server_id, {{"CN", "localhost"}}, &ca);
  Server plain;
  ASSERT_TRUE(plain.Apply(SmallCarrier()).ok());
  NorthboundServer::Options options;
  options.listen = "127.0.0.1:0";
  options.tls_certificate = WriteFile("server.pem", CertificatePem(server_id));
  options.tls_key = WriteFile("server.key", KeyPem(server_id));
  options.tls_client_ca = WriteFile("ca.pem", CertificatePem(ca));
  auto server = NorthboundServer::Start(
      {plain.store, plain.view, *plain.committer, plain.watch_loop, plain.backup_loop, RealClock(),
       plain.metrics, plain.paths, plain.programming},
      options);
  ASSERT_TRUE(server.ok()) << server.status();

  struct Client {
    std::vector<std::pair<const char*, const char*>> subject;
    grpc::StatusCode get_service, get_node, delete_site;
  };
  using enum grpc::StatusCode;
  const Client clients[] = {
      {{{"CN", "alice"}, {"OU", "waymark-operator"}}, OK, OK, FAILED_PRECONDITION},
      {{{"CN", "bob"}, {"OU", "waymark-viewer"}}, OK, OK, PERMISSION_DENIED},
      {{{"CN", "bank"}, {"OU", "waymark-customer"}}, OK, PERMISSION_DENIED, PERMISSION_DENIED},
      {{{"CN", "shop"}, {"OU", "waymark-customer"}},
       NOT_FOUND,
       PERMISSION_DENIED,
       PERMISSION_DENIED},
      {{{"CN", "eve,OU=waymark-operator"}},
       PERMISSION_DENIED,
       PERMISSION_DENIED,
       PERMISSION_DENIED},
  };
  for (const Client& client : clients) {
    Identity id;
    Make(id, client.subject, &ca);
    auto channel = grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", (*server)->port()),
        grpc::SslCredentials({CertificatePem(ca), KeyPem(id), CertificatePem(id)}));
    grpc::ClientContext a, b, c;
    v1::GetRequest get;
    get.set_name("customers/bank/services/lan");
    v1::Service service;
    const grpc::Status status =
        v1::CustomerService::NewStub(channel)->GetService(&a, get, &service);
    EXPECT_EQ(status.error_code(), client.get_service)
        << client.subject[0].second << ": " << status.error_message();
    get.set_name("nodes/a");
    v1::Node node;
    EXPECT_EQ(v1::TopologyService::NewStub(channel)->GetNode(&b, get, &node).error_code(),
              client.get_node);
    v1::DeleteRequest del;
    del.set_name("customers/bank/sites/a");
    google::protobuf::Empty empty;
    EXPECT_EQ(v1::CustomerService::NewStub(channel)->DeleteSite(&c, del, &empty).error_code(),
              client.delete_site);
  }

  // Without a certificate, and with another CA's, there is no connection at all.
  Identity other_ca, stranger;
  Make(other_ca, {{"CN", "test CA"}}, nullptr);
  Make(stranger, {{"CN", "alice"}, {"OU", "waymark-operator"}}, &other_ca);
  for (const bool with_certificate : {false, true}) {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = CertificatePem(ca);
    if (with_certificate) {
      ssl.pem_private_key = KeyPem(stranger);
      ssl.pem_cert_chain = CertificatePem(stranger);
    }
    auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", (*server)->port()),
                                       grpc::SslCredentials(ssl));
    grpc::ClientContext context;
    v1::ServerInfo info;
    EXPECT_EQ(v1::ChangeService::NewStub(channel)->GetServerInfo(&context, {}, &info).error_code(),
              UNAVAILABLE);
  }
}

}  // namespace
}  // namespace waymark
