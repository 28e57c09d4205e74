// Sends a token with every request of a Node program that has no option for one: the conformance suite of the Model
// Context Protocol at a real desk (Node 22 or newer; `sopd up` in another terminal).
//
//   export TOKEN=$(sopd token new cro --scope write | tail -1)
//   export NODE_OPTIONS="--import $PWD/tests/clients/with-token.mjs"
//   npx -y @modelcontextprotocol/conformance@0.1.16 server --url http://127.0.0.1:8321/mcp \
//     --expected-failures tests/clients/conformance.yaml
import { channel } from "node:diagnostics_channel";

channel("undici:request:create").subscribe(({ request }) => {
  request.addHeader("authorization", `Bearer ${process.env.TOKEN}`);
});
