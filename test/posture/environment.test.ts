import { describe, expect, it } from 'vitest';
import { environmentOf, saysProduction } from '../../src/posture/environment.ts';

describe('the environment that a name speaks of', () => {
  it.each([
    ['db.prod.example.com', 'production'],
    ['db-prod-eu1.example.com', 'production'],
    ['live.example.com', 'production'],
    ['.env.production.local', 'production'],
    ['ordersProd', 'production'],
    ['preprod.example.com', 'staging'],
    ['pre-prod-db', 'staging'],
    ['non-prod', 'staging'],
    ['stg2.example.com', 'staging'],
    ['qa-db', 'staging'],
    ['orders_test', 'test'],
    ['dev-orders', 'development'],
    ['products.example.com', undefined],
    ['delivery.example.com', undefined],
    ['reproduce', undefined],
    ['device', undefined],
    ['', undefined],
    ['PROD_DB_URL', 'production'],
    ['DB_PRE_PROD_URL', 'staging'],
    ['PRODUCT_API_KEY', undefined],
    ['REPRODUCE_TOKEN', undefined],
    ['PRODUCER_KEY', undefined],
  ])('%s: %s', (name, expected) => {
    expect(environmentOf(name)).toBe(expected);
  });
});

describe('what says production', () => {
  it.each(['.env.production', 'test/prod/key.pem', 'default staging prod', 'STRIPE_LIVE_KEY'])('%s', text =>
    expect(saysProduction(text)).toBe(true),
  );
  it.each(['PRODUCT_API_KEY', 'REPRODUCE_TOKEN', 'src/reproduce.ts', 'pre-prod.env'])('%s does not', text =>
    expect(saysProduction(text)).toBe(false),
  );
});
