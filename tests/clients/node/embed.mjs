// Embeds the texts of the second argument through the server at the first one; prints the embeddings.
import OpenAI from "openai";

const [baseURL, texts] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const input = JSON.parse(texts);

async function embed(options) {
  const response = await client.embeddings.create({ model: "tei", input, ...options });
  return response.data.map((item) => Array.from(item.embedding));
}

console.log(
  JSON.stringify({
    default: await embed({}),
    float: await embed({ encoding_format: "float" }),
    dimensions: await embed({ dimensions: 64 }),
  }),
);
