// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <iostream>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/key_view.h"
#include "apps/bowline/txn_text.h"
#include "apps/bowline/wal.h"

namespace bowline::apps {

// bowline txn: several at once, or none.
void add_txn_verb(ClientVerbs& verbs) {
  CLI::App* const verb = verbs.add(
      verbs.app(), "txn", "A transaction, as it stands on the standard input",
      [](const ClientSession& session) {
        const auto request = transaction_in(std::cin);
        if (!request) {
          std::fprintf(stderr, "bowline: %s\n", request.error().what.c_str());
          return bad_usage;
        }
        return session.finish(session.client.ask<etcdserverpb::TxnResponse>(
                                  "/etcdserverpb.KV/Txn", *request, Effect::changes),
                              [&](const auto& said) { return text_of(said, session.style); });
      });
  verb->footer(verb->get_footer() +
               "\n\n"
               "Compares, what to do if all of them hold, and what else, with an empty line\n"
               "between the three:\n\n"
               "  version(\"ship\") = \"3\"\n"
               "  value(\"ship\") != \"lost\"\n\n"
               "  put ship moored\n"
               "  get ship\n\n"
               "  get ship");
}

}  // namespace bowline::apps
