// A simulated Amazon Bedrock Messages endpoint (Mantle): of the same family as foundry.ts, with a key
// in `x-api-key` alone, models named `anthropic.`, and AWS's front that says no in words of its own.
//
//   const house = await House.open({ foundry: mantle(), change: atMantle });

import { type Call, type FoundryOptions, type Manners } from './foundry.ts';
import { models, type House } from './house.ts';

const manners: Manners = {
  keyHeaders: ['x-api-key'],
  badKey: 'errors/403-mantle-bad-key.http',
  noModel: 'errors/404-mantle-model.http',
  noPath: (call: Call) =>
    call.whole(
      'HTTP/1.1 404 Not Found',
      [['x-amzn-requestid', '5d0a4a1e-0000-4000-8000-00000000000f']],
      Buffer.from('{"message":"no such operation"}'),
    ),
};

export function mantle(options: FoundryOptions = {}): FoundryOptions {
  return { key: 'bedrock-key-for-tests', deployments: Object.values(modelsOfMantle), manners, ...options };
}

/** Model ids of clients -> what Mantle calls them. */
export const modelsOfMantle = Object.fromEntries(
  Object.keys(models).map((id) => [id, `anthropic.${id}`]),
);

/** The gateway's configuration with Mantle in Foundry's place. */
export function atMantle(config: any, house: House): void {
  config.upstreams = [
    {
      name: 'mantle',
      provider: 'mantle',
      base_url: house.foundry.base,
      credential: { api_key: house.foundry.key },
    },
  ];
  config.models = Object.entries(modelsOfMantle).map(([id, deployment]) => ({
    id,
    deployments: { mantle: deployment },
  }));
}
